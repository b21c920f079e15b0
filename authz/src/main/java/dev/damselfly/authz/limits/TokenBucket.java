package dev.damselfly.authz.limits;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;

/// Lets a rate of events through, and a burst of one second's worth at once. Thread-safe, never blocks.
public final class TokenBucket {
  private static final long NANOS = TimeUnit.SECONDS.toNanos(1);

  private final long perSecond;
  private final long capacityNanos;
  private final LongSupplier nanoClock;

  /// Saved-up time; one event costs `NANOS / perSecond`.
  @GuardedBy("this")
  private long savedNanos;

  @GuardedBy("this")
  private long last;

  /// @param perSecond 1 .. 1,000,000 events
  /// @param nanoClock monotonic, as [System#nanoTime]
  public TokenBucket(long perSecond, LongSupplier nanoClock) {
    if (perSecond < 1 || perSecond > 1_000_000) {
      throw new IllegalArgumentException("a rate is in [1, 1000000] per second");
    }
    this.perSecond = perSecond;
    this.capacityNanos = NANOS;
    this.nanoClock = nanoClock;
    this.savedNanos = capacityNanos;
    this.last = nanoClock.getAsLong();
  }

  /// Takes one event's worth, if it is there.
  public synchronized boolean tryTake() {
    refill();
    long cost = NANOS / perSecond;
    if (savedNanos < cost) {
      return false;
    }
    savedNanos -= cost;
    return true;
  }

  /// Whether nothing was taken for so long that a new bucket would be the same.
  public synchronized boolean isFull() {
    refill();
    return savedNanos == capacityNanos;
  }

  /// When the next [#tryTake] can succeed; at least one millisecond, so that a caller told to wait does wait.
  public synchronized Duration untilNext() {
    refill();
    long missing = Math.max(0, NANOS / perSecond - savedNanos);
    return Duration.ofNanos(Math.max(TimeUnit.MILLISECONDS.toNanos(1), missing));
  }

  @GuardedBy("this")
  private void refill() {
    long now = nanoClock.getAsLong();
    long passed = now - last;
    if (passed > 0) { // a clock that stands still or steps back adds nothing
      savedNanos = Math.min(capacityNanos, savedNanos + Math.min(passed, capacityNanos));
      last = now;
    }
  }
}
