package dev.damselfly.peer.transfer;

import dev.damselfly.api.error.InvalidValue;
import java.time.Duration;

/// Bounds of the connections to parents.
///
/// @param connect TCP connection made within this time
/// @param handshake TLS handshake done within this time (B-40)
/// @param answer the grant is accepted, and a begun frame complete, within this time (B-07)
/// @param silence a parent that owes content sends at least one byte in this time
/// @param rateWindow time over which the rate of a parent that owes content is judged
/// @param minimumRate bytes per second over that time (B-08)
/// @param outstanding requests on the wire per connection
/// @param queuedBytes content received but not written yet, per connection; more makes the socket wait
public record TransferLimits(
    Duration connect,
    Duration handshake,
    Duration answer,
    Duration silence,
    Duration rateWindow,
    long minimumRate,
    int outstanding,
    long queuedBytes) {
  private static final Duration LONGEST = Duration.ofSeconds(60);

  public TransferLimits {
    for (Duration each : new Duration[] {connect, handshake, answer, silence, rateWindow}) {
      if (each.isNegative() || each.isZero() || each.compareTo(LONGEST) > 0) {
        throw new InvalidValue("times of the piece transfer must be above 0 and at most 60 s");
      }
    }
    if (minimumRate < 8 << 10 || outstanding < 1 || outstanding > 16) {
      throw new InvalidValue("minimum rate must be at least 8 KiB/s, outstanding requests in [1, 16]");
    }
    if (queuedBytes < 64 << 10 || queuedBytes > 64 << 20) {
      throw new InvalidValue("queued bytes must be in [64 KiB, 64 MiB]");
    }
  }

  public static TransferLimits standard() {
    return new TransferLimits(
        Duration.ofSeconds(2),
        Duration.ofSeconds(10),
        Duration.ofSeconds(10),
        Duration.ofSeconds(5),
        Duration.ofSeconds(10),
        64 << 10,
        16,
        4 << 20);
  }
}
