package dev.damselfly.peer.store;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import java.io.IOException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/// Before each step of the stage that makes changes durable, which waits here until a test lets it through.
final class Gate {
  private static final long PATIENCE = TimeUnit.SECONDS.toNanos(60);

  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();

  @GuardedBy("lock")
  private boolean open = true;

  @GuardedBy("lock")
  private int permits;

  @GuardedBy("lock")
  private @Nullable Step waiting;

  @GuardedBy("lock")
  private int done;

  enum Step {
    FORCE_CONTENT,
    RECORD_OUTCOME,
    FORCE_METADATA
  }

  interface Work {
    void run() throws IOException;
  }

  void open(boolean now) {
    lock.lock();
    try {
      open = now;
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /// Lets the step through that waits, once one does, and waits until it is done.
  Step letOneThrough() throws InterruptedException {
    Step step = awaitWaiting();
    lock.lock();
    try {
      int before = done;
      permits++;
      changed.signalAll();
      long left = PATIENCE;
      while (done == before) {
        left = changed.awaitNanos(requirePatience(left));
      }
      return step;
    } finally {
      lock.unlock();
    }
  }

  /// Waits until a step waits.
  Step awaitWaiting() throws InterruptedException {
    lock.lock();
    try {
      long left = PATIENCE;
      Step step = waiting;
      while (step == null) {
        left = changed.awaitNanos(requirePatience(left));
        step = waiting;
      }
      return step;
    } finally {
      lock.unlock();
    }
  }

  static long requirePatience(long left) {
    if (left <= 0) {
      throw new AssertionError("the journal does not come");
    }
    return left;
  }

  void pass(Step step, Work work) throws IOException {
    lock.lock();
    try {
      waiting = step;
      changed.signalAll();
      while (!open && permits == 0) {
        changed.awaitUninterruptibly();
      }
      permits -= permits > 0 ? 1 : 0;
      waiting = null;
    } finally {
      lock.unlock();
    }
    try {
      work.run();
    } finally {
      lock.lock();
      try {
        done++;
        changed.signalAll();
      } finally {
        lock.unlock();
      }
    }
  }
}
