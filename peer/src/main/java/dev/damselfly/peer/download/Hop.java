package dev.damselfly.peer.download;

import dev.damselfly.api.error.RequestFailure;
import dev.damselfly.api.error.RequestFailure.OriginRefused;
import java.util.Locale;

/// Who refused.
public enum Hop {
  ORIGIN,
  PEER,
  SCHEDULER,
  MANAGER,
  DAEMON,
  CALLER;

  /// The hop that a failure of a download usually comes from.
  public static Hop of(RequestFailure failure) {
    if (failure instanceof OriginRefused) {
      return ORIGIN;
    }
    return switch (failure.reason()) {
      case MALFORMED_FIELD, FORBIDDEN_FIELD, CANCELLED, RANGE_UNSATISFIABLE -> CALLER;
      case ORIGIN_FAILED, ORIGIN_CHANGED, DIGEST_MISMATCH -> ORIGIN;
      case NO_SOURCE, ID_BOUND_ELSEWHERE -> SCHEDULER;
      default -> DAEMON;
    };
  }

  /// As the local protocol spells it.
  public String wire() {
    return name().toLowerCase(Locale.ROOT);
  }
}
