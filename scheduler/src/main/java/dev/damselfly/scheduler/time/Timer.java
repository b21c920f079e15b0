package dev.damselfly.scheduler.time;

import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;

/// Clock and alarm of a scheduler. Thread-safe.
public interface Timer extends InstantSource {
  /// Runs the task once after the delay, on a thread of the timer that may block.
  Alarm after(Duration delay, Runnable task);

  /// Runs the task after each period until the alarm is cancelled; runs do not overlap.
  default Alarm every(Duration period, Runnable task) {
    return Repeating.start(this, period, task);
  }

  @Override
  Instant instant();

  /// A task that waits for its time.
  @FunctionalInterface
  interface Alarm {
    /// Idempotent; a run that has begun is not stopped.
    void cancel();
  }
}
