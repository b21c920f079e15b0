package dev.damselfly.peer.proxy;

import java.util.Optional;

/// A request that is answered with an error of ours. No stack trace: strangers can trigger it.
final class Refusal extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final int status;
  private final Code code;
  private final boolean recorded;
  private final long all;
  private final long unrecorded;

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
    this(status, code, safeText, true, new Count(0, 0));
  }

  private Refusal(int status, Code code, String safeText, boolean recorded, Count count) {
    super(safeText, null, false, false);
    this.status = status;
    this.code = code;
    this.recorded = recorded;
    this.all = count.all();
    this.unrecorded = count.unrecorded();
  }

  /// How many were turned away at the door.
  ///
  /// @param all since the start, this one included
  /// @param unrecorded without a record, since the last one that has one
  record Count(long all, long unrecorded) {}

  static Refusal malformed(String safeText) {
    return new Refusal(400, Code.UNSUPPORTED, safeText);
  }

  /// Nobody knows whose request it is.
  static Refusal unknownCaller(String safeText, Count count) {
    return new Refusal(407, Code.UNAUTHORIZED, safeText, true, count);
  }

  /// The same, when there were too many of them: no record is made.
  static Refusal unknownCallers() {
    return new Refusal(429, Code.TOOMANYREQUESTS, "too many requests without a caller's token", false, new Count(0, 0));
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

  /// Whether the audit log is to have it.
  boolean isRecorded() {
    return recorded;
  }

  Optional<Count> count() {
    return all == 0 ? Optional.empty() : Optional.of(new Count(all, unrecorded));
  }
}
