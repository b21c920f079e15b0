package dev.damselfly.nydus;

/// An image, blob or chunk is not what the format allows. Carries no input text and no stack trace: hostile input
/// makes it.
public final class RafsRefused extends Exception {
  private static final long serialVersionUID = 1L;
  private final Code code;
  private final long offset;
  private final String rule;

  /// @param offset byte position of the first offending field
  /// @param rule what must hold
  public RafsRefused(Code code, long offset, String rule) {
    super(code.text() + " at " + offset + ": " + rule, null, false, false);
    this.code = code;
    this.offset = offset;
    this.rule = rule;
  }

  public Code code() {
    return code;
  }

  public long offset() {
    return offset;
  }

  public String rule() {
    return rule;
  }
}
