package dev.damselfly.scheduler.seed;

import java.time.Duration;

/// Bounds of seed triggers (S-SCH-11).
///
/// @param checkInterval time between health checks of the announced seeds
/// @param checkTimeout of one health check
/// @param deadline of one trigger, from call to the end of its stream
/// @param concurrent triggers that run at once
public record SeedConfig(Duration checkInterval, Duration checkTimeout, Duration deadline, int concurrent) {
  public static final SeedConfig DEFAULT =
      new SeedConfig(Duration.ofSeconds(30), Duration.ofSeconds(5), Duration.ofHours(2), 256);
}
