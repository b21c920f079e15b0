package dev.damselfly.dist.lazy;

/// A request for a file that cannot be answered. Carries no words of the request and no stack trace: anybody who may reach a
/// mount makes them.
public final class FileRefused extends Exception {
  private static final long serialVersionUID = 1L;
  private final Why why;

  /// The closed list of reasons.
  public enum Why {
    ABSENT,
    NOT_A_DIRECTORY,
    NOT_A_FILE,
    NOT_A_LINK,
    NOT_OPEN,
    TOO_MANY_OPEN,
    MALFORMED,
    /// The bytes cannot be had, or are not what they should be.
    BROKEN
  }

  FileRefused(Why why) {
    super(why.name(), null, false, false);
    this.why = why;
  }

  public Why why() {
    return why;
  }
}
