package dev.damselfly.scheduler.time;

import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The timer of a running process: one thread keeps the time, each run has a virtual thread of its own.
public final class SystemTimer implements Timer, AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(SystemTimer.class);

  private final InstantSource clock;
  private final ScheduledThreadPoolExecutor keeper;
  private final ExecutorService runs = Executors.newVirtualThreadPerTaskExecutor();

  public SystemTimer(InstantSource clock) {
    this.clock = clock;
    this.keeper = new ScheduledThreadPoolExecutor(1, Thread.ofPlatform().daemon().name("scheduler-timer").factory());
    keeper.setRemoveOnCancelPolicy(true);
    keeper.setExecuteExistingDelayedTasksAfterShutdownPolicy(false);
  }

  @Override
  public Instant instant() {
    return clock.instant();
  }

  @Override
  public Alarm after(Duration delay, Runnable task) {
    try {
      var waiting = keeper.schedule(() -> hand(task), Math.max(0, delay.toNanos()), TimeUnit.NANOSECONDS);
      return () -> waiting.cancel(false);
    } catch (RejectedExecutionException e) {
      return () -> {}; // closed: nothing runs any more
    }
  }

  private void hand(Runnable task) {
    runs.execute(
        () -> {
          try {
            task.run();
          } catch (RuntimeException e) {
            LOG.error("a timed task failed", e);
          }
        });
  }

  /// Runs nothing new; waits for running tasks at most 5 s.
  @Override
  public void close() {
    keeper.shutdownNow();
    runs.shutdown();
    try {
      if (!runs.awaitTermination(5, TimeUnit.SECONDS)) {
        runs.shutdownNow();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      runs.shutdownNow();
    }
  }
}
