package dev.damselfly.peer.proxy;

/// A request that is answered with an error of ours. No stack trace: strangers can trigger it.
final class Refusal extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final int status;
  private final Code code;

  /// Error codes of the OCI distribution specification, as far as we use them.
  enum Code {
    UNSUPPORTED,
    NAME_UNKNOWN,
    BLOB_UNKNOWN,
    UNAUTHORIZED,
    DENIED,
    TOOMANYREQUESTS,
    /// Not of that specification: nothing there fits a broken upstream.
    UNAVAILABLE
  }

  /// @param safeText names the rule, never what was sent
  Refusal(int status, Code code, String safeText) {
    super(safeText, null, false, false);
    this.status = status;
    this.code = code;
  }

  static Refusal malformed(String safeText) {
    return new Refusal(400, Code.UNSUPPORTED, safeText);
  }

  int status() {
    return status;
  }

  Code code() {
    return code;
  }

  String safeText() {
    return String.valueOf(getMessage());
  }
}
