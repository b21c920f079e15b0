package dev.damselfly.peer.time;

import java.time.Duration;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

/// The timer of a process: one thread. [#close] drops what did not run.
public final class SystemTimer implements Timer, AutoCloseable {
  private final ScheduledThreadPoolExecutor executor;

  public SystemTimer(String name) {
    executor = new ScheduledThreadPoolExecutor(1, Thread.ofPlatform().daemon().name(name).factory());
    executor.setRemoveOnCancelPolicy(true);
    executor.setExecuteExistingDelayedTasksAfterShutdownPolicy(false);
  }

  @Override
  public Alarm after(Duration delay, Runnable task) {
    if (executor.isShutdown()) {
      return () -> {};
    }
    Future<?> future = executor.schedule(task, delay.toNanos(), TimeUnit.NANOSECONDS);
    return () -> future.cancel(false);
  }

  @Override
  public long nanos() {
    return System.nanoTime();
  }

  @Override
  public void close() {
    executor.shutdownNow();
  }
}
