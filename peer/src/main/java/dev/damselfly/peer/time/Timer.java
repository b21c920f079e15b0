package dev.damselfly.peer.time;

import java.time.Duration;

/// Runs short tasks later. Thread-safe. Tests move its time by hand.
public interface Timer {
  /// @param task runs once on the timer's thread: it must not block
  Alarm after(Duration delay, Runnable task);

  /// Nanoseconds of a clock that only grows; its zero means nothing.
  long nanos();

  /// A task that did not run yet.
  interface Alarm {
    /// Harmless when the task ran.
    void cancel();
  }
}
