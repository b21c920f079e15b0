package dev.damselfly.peer.upload;

import dev.damselfly.api.error.InvalidValue;
import java.time.Duration;

/// Bounds of the piece listener.
///
/// @param connectionsPerIdentity open connections of one identity (B-09)
/// @param connections open connections in all (B-10)
/// @param outstanding requests of one connection without a whole answer
/// @param bytesPerIdentity content read but not sent yet, for one identity (B-12)
/// @param bytesPerProcess the same in all (B-12)
/// @param handshake TLS handshake done within this time (B-40)
/// @param frame grant shown after the handshake, or rest of a begun frame received, within this time (B-07)
/// @param stall a child that takes nothing for this long while content waits is dropped
public record UploadLimits(
    int connectionsPerIdentity,
    int connections,
    int outstanding,
    long bytesPerIdentity,
    long bytesPerProcess,
    Duration handshake,
    Duration frame,
    Duration stall) {
  private static final Duration LONGEST = Duration.ofSeconds(30);

  public UploadLimits {
    if (connectionsPerIdentity < 1 || connectionsPerIdentity > 1024) {
      throw new InvalidValue("connections per identity must be in [1, 1024]");
    }
    if (connections < 1 || connections > 65_536) {
      throw new InvalidValue("connections must be in [1, 65536]");
    }
    if (outstanding < 1 || outstanding > 64) {
      throw new InvalidValue("outstanding requests must be in [1, 64]");
    }
    if (bytesPerIdentity < Sending.CHUNK || bytesPerProcess < bytesPerIdentity || bytesPerProcess > 2L << 30) {
      throw new InvalidValue("bytes in flight must be at least one chunk per identity and at most 2 GiB in all");
    }
    for (Duration each : new Duration[] {handshake, frame, stall}) {
      if (each.isNegative() || each.isZero() || each.compareTo(LONGEST) > 0) {
        throw new InvalidValue("times of the piece listener must be above 0 and at most 30 s");
      }
    }
  }

  public static UploadLimits standard() {
    long memory = Runtime.getRuntime().maxMemory();
    long process = Math.clamp(memory / 2, 64L << 20, 2L << 30);
    return new UploadLimits(
        64,
        4096,
        16,
        Math.min(256L << 20, process),
        process,
        Duration.ofSeconds(10),
        Duration.ofSeconds(5),
        Duration.ofSeconds(30));
  }
}
