package dev.damselfly.dist.cli;

import dev.damselfly.api.error.Reason;
import dev.damselfly.dist.lazy.LazyFailed;

/// Exit codes of every command; documented in README and `damselfly help exit-codes`.
enum ExitCode {
  OK(0, "done"),
  FAILED(1, "failed for another reason"),
  USAGE(2, "the command line or a configuration file is wrong"),
  REFUSED(3, "a policy refused: egress, permission, quota"),
  UNVERIFIED(4, "the content or the audit log is not what it should be"),
  ORIGIN(5, "the origin failed or said no"),
  UNAVAILABLE(6, "no daemon, or something behind it is down"),
  LOCAL_IO(7, "the output could not be written"),
  INTERRUPTED(130, "interrupted");

  private final int value;
  private final String meaning;

  ExitCode(int value, String meaning) {
    this.value = value;
    this.meaning = meaning;
  }

  int value() {
    return value;
  }

  String meaning() {
    return meaning;
  }

  /// What a lazily read image that failed exits with.
  static ExitCode of(LazyFailed.Kind kind) {
    return switch (kind) {
      case USAGE -> USAGE;
      case REFUSED -> REFUSED;
      case UNVERIFIED -> UNVERIFIED;
      case REGISTRY -> ORIGIN;
      case UNAVAILABLE -> UNAVAILABLE;
      case LOCAL -> LOCAL_IO;
    };
  }

  /// What a failed download exits with.
  static ExitCode of(Reason reason) {
    return switch (reason) {
      case MALFORMED_FIELD, FORBIDDEN_FIELD, RANGE_UNSATISFIABLE -> USAGE;
      case CALLER_NOT_ALLOWED, EGRESS_DENIED, BLOCK_LISTED, LIMIT_EXCEEDED, NO_SPACE, ID_BOUND_ELSEWHERE -> REFUSED;
      case DIGEST_MISMATCH -> UNVERIFIED;
      case ORIGIN_FAILED, ORIGIN_CHANGED -> ORIGIN;
      case BACKEND_DOWN, BLOCK_LIST_UNKNOWN, TIMED_OUT, NO_SOURCE, NOT_SERVED -> UNAVAILABLE;
      case CANCELLED -> INTERRUPTED;
      case TASK_UNKNOWN, HOST_UNKNOWN, PEER_UNKNOWN, SCHEDULER_UNKNOWN, CLUSTER_UNKNOWN, NOTHING_CONFIGURED, WRONG_STATE, INTERNAL ->
          FAILED;
    };
  }
}
