package dev.damselfly.authz.identity.workload;

import java.time.Duration;
import java.util.random.RandomGenerator;

/// When to ask the Workload API again (Workload Endpoint appendix A).
///
/// @param quick longest wait after a stream that worked
/// @param first wait after the first failure in a row; doubles from there
/// @param longest upper end
record Retry(Duration quick, Duration first, Duration longest) {
  static final Retry STANDARD = new Retry(Duration.ofMillis(200), Duration.ofSeconds(1), Duration.ofSeconds(30));

  /// @param failures failed attempts in a row; 0 after a stream that worked
  Duration after(int failures, RandomGenerator random) {
    if (failures == 0) {
      return Duration.ofMillis(random.nextLong(quick.toMillis() + 1));
    }
    long step = first.toMillis() << Math.min(failures - 1, 16);
    long millis = Math.min(step, longest.toMillis());
    return Duration.ofMillis(millis - random.nextLong(millis / 5 + 1)); // up to a fifth sooner: not all at once
  }
}
