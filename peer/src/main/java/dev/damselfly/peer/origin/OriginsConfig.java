package dev.damselfly.peer.origin;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/// Bounds of origin access.
///
/// @param connectTimeout for TCP and again for TLS
/// @param headTimeout from the request to the end of the response head
/// @param idleTimeout longest silence within a body
/// @param minBytesPerSecond a body that is slower on average is given up (B-08)
/// @param rateGrace but not before this time has passed
/// @param maxRetryAfter longest wait that an origin may ask for with `Retry-After`
/// @param connectionsPerOrigin kept or used at once for one origin
/// @param userAgent sent unless the caller gives one
public record OriginsConfig(
    Duration connectTimeout,
    Duration headTimeout,
    Duration idleTimeout,
    long minBytesPerSecond,
    Duration rateGrace,
    Duration maxRetryAfter,
    int connectionsPerOrigin,
    String userAgent) {
  public OriginsConfig {
    List<String> problems = new ArrayList<>();
    for (Duration time : List.of(connectTimeout, headTimeout, idleTimeout, rateGrace)) {
      if (time.toMillis() < 1 || time.compareTo(Duration.ofMinutes(10)) > 0) {
        problems.add("origin time-outs must be in [1 ms, 10 min]");
      }
    }
    if (maxRetryAfter.isNegative() || maxRetryAfter.compareTo(Duration.ofMinutes(1)) > 0) {
      problems.add("origin.max-retry-after must be in [0, 1 min]");
    }
    if (minBytesPerSecond < 1) {
      problems.add("origin.min-rate must be at least 1 byte per second");
    }
    if (connectionsPerOrigin < 1 || connectionsPerOrigin > 1024) {
      problems.add("origin.connections must be in [1, 1024]");
    }
    if (!problems.isEmpty()) {
      throw new IllegalArgumentException(String.join("; ", problems));
    }
  }

  /// The defaults.
  ///
  /// @param version of this program, for the user agent
  public static OriginsConfig standard(String version) {
    return new OriginsConfig(
        Duration.ofSeconds(5),
        Duration.ofSeconds(30),
        Duration.ofSeconds(30),
        64 << 10,
        Duration.ofSeconds(10),
        Duration.ofSeconds(10),
        64,
        "damselfly/" + version);
  }
}
