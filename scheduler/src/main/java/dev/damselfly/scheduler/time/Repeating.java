package dev.damselfly.scheduler.time;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import java.time.Duration;

/// One alarm after the other: the next is set when a run has ended.
final class Repeating implements Timer.Alarm {
  private final Timer timer;
  private final Duration period;
  private final Runnable task;

  @GuardedBy("this")
  private Timer.Alarm next = () -> {};

  @GuardedBy("this")
  private boolean cancelled;

  private Repeating(Timer timer, Duration period, Runnable task) {
    this.timer = timer;
    this.period = period;
    this.task = task;
  }

  static Timer.Alarm start(Timer timer, Duration period, Runnable task) {
    var repeating = new Repeating(timer, period, task);
    repeating.arm();
    return repeating;
  }

  private synchronized void arm() {
    if (!cancelled) {
      next = timer.after(period, this::run);
    }
  }

  private void run() {
    try {
      task.run();
    } finally {
      arm();
    }
  }

  @Override
  public synchronized void cancel() {
    cancelled = true;
    next.cancel();
  }
}
