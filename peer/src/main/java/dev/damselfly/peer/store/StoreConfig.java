package dev.damselfly.peer.store;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/// Bounds of the store (B-47).
///
/// @param quotaBytes most bytes of content
/// @param highPercent eviction starts at this share of the quota
/// @param lowPercent and stops at this one
/// @param taskTtl a task that nobody used for this long is removed
public record StoreConfig(long quotaBytes, int highPercent, int lowPercent, Duration taskTtl) {
  public StoreConfig {
    List<String> problems = new ArrayList<>();
    if (quotaBytes < 1) {
      problems.add("store.quota must be at least 1 byte");
    }
    if (highPercent < 1 || highPercent > 100) {
      problems.add("store.high-percent must be in [1, 100]");
    }
    if (lowPercent < 0 || lowPercent >= highPercent) {
      problems.add("store.low-percent must be in [0, high-percent)");
    }
    if (taskTtl.isNegative() || taskTtl.isZero()) {
      problems.add("store.task-ttl must be positive");
    }
    if (!problems.isEmpty()) {
      throw new IllegalArgumentException(String.join("; ", problems));
    }
  }

  long highBytes() {
    return share(highPercent);
  }

  long lowBytes() {
    return share(lowPercent);
  }

  private long share(int percent) {
    return quotaBytes / 100 * percent + quotaBytes % 100 * percent / 100; // no overflow for any quota
  }
}
