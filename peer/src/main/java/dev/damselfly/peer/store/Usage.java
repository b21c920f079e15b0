package dev.damselfly.peer.store;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.damselfly.api.error.Reason;
import dev.damselfly.api.error.RequestFailure.Refused;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;

/// Who uses a task and when it was used last. A used task is never removed, a removed one never used. Thread-safe.
final class Usage {
  private static final Duration TOUCH_INTERVAL = Duration.ofMinutes(1);

  private final InstantSource clock;

  @GuardedBy("this")
  private int pins;

  @GuardedBy("this")
  private boolean gone;

  @GuardedBy("this")
  private Instant used;

  @GuardedBy("this")
  private Instant recorded;

  Usage(Instant used, InstantSource clock) {
    this.used = used;
    this.recorded = used;
    this.clock = clock;
  }

  /// @throws Refused TASK_UNKNOWN when the task was removed
  synchronized void pin() {
    if (gone) {
      throw new Refused(Reason.TASK_UNKNOWN, "the task was removed from this host");
    }
    pins++;
    used = clock.instant();
  }

  synchronized void unpin() {
    pins--;
    used = clock.instant();
  }

  /// Whether the last use is so much newer than what was recorded that it is worth a record.
  synchronized boolean worthRecording() {
    if (gone || Duration.between(recorded, used).compareTo(TOUCH_INTERVAL) < 0) {
      return false;
    }
    recorded = used;
    return true;
  }

  /// @return false when somebody uses the task
  synchronized boolean retire() {
    if (pins > 0 || gone) {
      return false;
    }
    gone = true;
    return true;
  }

  synchronized Instant used() {
    return used;
  }

  synchronized boolean retired() {
    return gone;
  }
}
