package dev.damselfly.scheduler.stream;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.damselfly.api.error.Reason;
import dev.damselfly.api.error.RequestFailure;
import dev.damselfly.api.error.RequestFailure.Refused;
import java.util.ArrayDeque;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Ordered, bounded queue in front of a stream (B-45): a reader that falls behind is ended with LIMIT_EXCEEDED.
///
/// Thread-safe. `put` and the ends only queue, so they may be called under a lock; [#drain] writes and must not.
/// Messages are made when they are written, so that costly ones (signatures) are not made under a lock.
public final class Outbox<T> {
  private static final Logger LOG = LoggerFactory.getLogger(Outbox.class);

  private final Sink<T> sink;
  private final int bound;

  @GuardedBy("this")
  private final ArrayDeque<Supplier<T>> queue = new ArrayDeque<>();

  @GuardedBy("this")
  private @Nullable End end;

  @GuardedBy("this")
  private boolean writing;

  @GuardedBy("this")
  private boolean ended;

  private record End(@Nullable RequestFailure failure) {}

  /// @param bound messages that may wait
  public Outbox(Sink<T> sink, int bound) {
    this.sink = sink;
    this.bound = bound;
  }

  /// Queues a message; after an end it is dropped. Over the bound the stream ends and what waits is dropped.
  public synchronized void put(Supplier<T> message) {
    if (end != null || ended) {
      return;
    }
    if (queue.size() >= bound) {
      queue.clear();
      end = new End(new Refused(Reason.LIMIT_EXCEEDED, "the stream is read too slowly"));
      return;
    }
    queue.add(message);
  }

  /// Ends with OK after what waits.
  public synchronized void complete() {
    if (end == null) {
      end = new End(null);
    }
  }

  /// Ends with an error after what waits.
  public synchronized void fail(RequestFailure failure) {
    if (end == null) {
      end = new End(failure);
    }
  }

  /// The transport is gone: nothing is written any more.
  public synchronized void abandon() {
    ended = true;
    queue.clear();
  }

  /// True when an end was queued or the transport is gone.
  public synchronized boolean isEnding() {
    return end != null || ended;
  }

  /// Writes what the transport takes. Returns at once when another thread is writing: that one goes on.
  public void drain() {
    while (true) {
      Runnable step = nextStep();
      if (step == null) {
        return;
      }
      try {
        step.run();
      } catch (IllegalStateException e) {
        LOG.debug("a stream ended while it was written", e);
        abandon();
      } finally {
        written();
      }
    }
  }

  private synchronized @Nullable Runnable nextStep() {
    if (writing || ended) {
      return null;
    }
    if (!queue.isEmpty()) {
      if (!sink.isReady()) {
        return null; // the ready handler calls drain again
      }
      Supplier<T> message = queue.remove();
      writing = true;
      return () -> sink.next(message.get());
    }
    End last = end;
    if (last == null) {
      return null;
    }
    writing = true;
    ended = true;
    return () -> {
      if (last.failure() == null) {
        sink.complete();
      } else {
        sink.fail(last.failure());
      }
    };
  }

  private synchronized void written() {
    writing = false;
  }
}
