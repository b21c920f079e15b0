package dev.damselfly.peer.testing;

import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

/// A timer for which no time passes: a repeated task runs once, at once, on the calling thread; a delayed one never.
public final class StillExecutor extends ScheduledThreadPoolExecutor {
  private static final long FAR = 3650;

  public StillExecutor() {
    super(1, Thread.ofPlatform().daemon().name("still").factory());
    setRemoveOnCancelPolicy(true);
  }

  @Override
  public ScheduledFuture<?> schedule(Runnable task, long delay, TimeUnit unit) {
    return super.schedule(task, FAR, TimeUnit.DAYS);
  }

  @Override
  public ScheduledFuture<?> scheduleAtFixedRate(Runnable task, long first, long period, TimeUnit unit) {
    task.run();
    return super.schedule(task, FAR, TimeUnit.DAYS);
  }
}
