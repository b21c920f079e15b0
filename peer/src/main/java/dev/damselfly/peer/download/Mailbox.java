package dev.damselfly.peer.download;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/// Events for one owner thread. Others wait while it is full; the owner itself never waits for itself.
final class Mailbox<E> {
  private static final int MAX = 65_536;

  private final LinkedBlockingQueue<E> fromOthers = new LinkedBlockingQueue<>(MAX);
  private final Deque<E> own = new ArrayDeque<>();
  private final AtomicBoolean closed = new AtomicBoolean();
  private volatile @Nullable Thread owner;

  /// Called once by the owner, before [#take].
  void own() {
    owner = Thread.currentThread();
  }

  /// @return false when nobody reads any more: the event was dropped
  boolean post(E event) {
    if (Thread.currentThread() == owner) {
      own.add(event);
      return true;
    }
    boolean interrupted = false;
    try {
      while (!closed.get()) {
        try {
          if (fromOthers.offer(event, 1, TimeUnit.SECONDS)) {
            return !closed.get() || !fromOthers.remove(event); // still there after the end: nobody saw it
          }
        } catch (InterruptedException e) {
          interrupted = true; // a reader that was cancelled must still say that it ended, or the owner waits for ever
        }
      }
      return false;
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  E take() throws InterruptedException {
    E mine = own.poll();
    return mine == null ? fromOthers.take() : mine;
  }

  /// The next event if there is one now.
  @Nullable E poll() {
    E mine = own.poll();
    return mine == null ? fromOthers.poll() : mine;
  }

  /// The owner stops; events that were posted before are still polled.
  void close() {
    closed.set(true);
  }
}
