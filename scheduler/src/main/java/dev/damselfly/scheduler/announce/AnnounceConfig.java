package dev.damselfly.scheduler.announce;

import java.time.Duration;

/// Rounds of the scheduling loop.
///
/// @param roundsBeforeOrigin failed rounds after which a peer may go to the origin
/// @param rounds failed rounds after which the registration ends
/// @param pause mean time between rounds; spread by a quarter both ways
public record AnnounceConfig(int roundsBeforeOrigin, int rounds, Duration pause) {
  public static final AnnounceConfig DEFAULT = new AnnounceConfig(4, 5, Duration.ofMillis(500));
}
