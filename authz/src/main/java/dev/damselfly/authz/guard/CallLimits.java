package dev.damselfly.authz.guard;

import dev.damselfly.authz.identity.Caller;
import dev.damselfly.authz.identity.SpiffeId;
import dev.damselfly.authz.limits.Bound;
import dev.damselfly.authz.limits.Limits;
import dev.damselfly.authz.limits.PerIdentity;
import dev.damselfly.authz.limits.TokenBucket;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.LongSupplier;

/// Calls at once and calls per second, of the whole server and of each identity below it, so that one caller cannot
/// starve the others (S-SCH-12). Thread-safe.
final class CallLimits {
  private static final Duration SOON = Duration.ofMillis(100);
  private static final long RECORDS_PER_SECOND = 10;

  private final int maxCalls;
  private final int maxPerIdentity;
  private final TokenBucket all;
  private final AtomicInteger open = new AtomicInteger();
  private final PerIdentity<SpiffeId, Share> shares;
  private final TokenBucket records;

  private record Share(TokenBucket rate, AtomicInteger open) {
    Turn begin() {
      return new Turn(this, open.incrementAndGet());
    }
  }

  /// A call of an identity that begins.
  ///
  /// @param open its open calls, this one included
  private record Turn(Share share, int open) {}

  CallLimits(Limits limits, LongSupplier nanoClock) {
    this.maxCalls = limits.count(Bound.CALLS);
    this.maxPerIdentity = limits.count(Bound.STREAMS_PER_IDENTITY);
    this.all = new TokenBucket(limits.value(Bound.CALLS_PER_SECOND), nanoClock);
    this.records = new TokenBucket(RECORDS_PER_SECOND, nanoClock);
    long perSecond = limits.value(Bound.CALLS_PER_SECOND_PER_IDENTITY);
    this.shares =
        new PerIdentity<>(
            limits.count(Bound.IDENTITIES),
            _ -> new Share(new TokenBucket(perSecond, nanoClock), new AtomicInteger()),
            share -> share.open().get() == 0 && share.rate().isFull());
  }

  /// Whether one more refusal may be recorded: who floods the server must not flood the audit log with it.
  boolean isWorthARecord() {
    return records.tryTake();
  }

  /// A place for one call; leave it once.
  interface Slot {
    void leave();
  }

  /// @throws dev.damselfly.api.error.RequestFailure.RetryLater LIMIT_EXCEEDED
  Slot enter(Caller caller) {
    Turn turn =
        shares.use(caller.id(), Share::begin)
            .orElseThrow(() -> Guard.overLimit("too many identities are at work", SOON));
    boolean entered = false;
    try {
      requireRoom(turn);
      entered = true;
    } finally {
      if (!entered) {
        turn.share().open().decrementAndGet();
      }
    }
    var left = new AtomicBoolean();
    return () -> {
      if (left.compareAndSet(false, true)) {
        open.decrementAndGet();
        turn.share().open().decrementAndGet();
      }
    };
  }

  /// Counts the call in all when it may begin.
  private void requireRoom(Turn turn) {
    TokenBucket rate = turn.share().rate();
    if (!rate.tryTake()) {
      throw Guard.overLimit("this identity opens too many calls per second", rate.untilNext());
    }
    if (!all.tryTake()) {
      throw Guard.overLimit("the server opens too many calls per second", all.untilNext());
    }
    if (turn.open() > maxPerIdentity) {
      throw Guard.overLimit("this identity has too many open calls", SOON);
    }
    if (open.incrementAndGet() > maxCalls) {
      open.decrementAndGet();
      throw Guard.overLimit("the server has too many open calls", SOON);
    }
  }
}
