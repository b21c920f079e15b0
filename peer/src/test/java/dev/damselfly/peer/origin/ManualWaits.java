package dev.damselfly.peer.origin;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicLong;

/// Time that passes when told; pauses take none and are written down.
final class ManualWaits implements Waits {
  private final List<Duration> pauses = new CopyOnWriteArrayList<>();
  private final List<Runnable> alarms = new CopyOnWriteArrayList<>();
  private final AtomicLong nanos = new AtomicLong();
  private volatile long perCall;

  List<Duration> pauses() {
    return pauses;
  }

  /// From now on each look at the clock finds it this much later.
  void passPerCall(Duration time) {
    perCall = time.toNanos();
  }

  /// Lets everything that waits for a deadline reach it.
  void ring() {
    alarms.forEach(Runnable::run);
  }

  @Override
  public long nanoTime() {
    return nanos.addAndGet(perCall);
  }

  @Override
  public void pause(Duration time) {
    pauses.add(time);
  }

  @Override
  public Alarm after(Duration time, Runnable action) {
    alarms.add(action);
    return () -> alarms.remove(action);
  }

  @Override
  public void close() {
    alarms.clear();
  }
}
