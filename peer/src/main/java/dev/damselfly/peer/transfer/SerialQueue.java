package dev.damselfly.peer.transfer;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import java.util.ArrayDeque;
import java.util.Queue;
import java.util.concurrent.Executor;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Runs tasks one after the other, in order, on a shared pool. Thread-safe.
///
/// A turn on a pool thread ends after a number of tasks, so that no queue keeps a thread from the others.
final class SerialQueue {
  private static final Logger LOG = LoggerFactory.getLogger(SerialQueue.class);
  private static final int TURN = 64;

  private final Executor pool;
  private final Object lock = new Object();

  @GuardedBy("lock")
  private final Queue<Runnable> tasks = new ArrayDeque<>();

  @GuardedBy("lock")
  private boolean running;

  SerialQueue(Executor pool) {
    this.pool = pool;
  }

  /// The bound on waiting tasks is the caller's: content is bounded in bytes, events by the frames that cause them.
  void run(Runnable task) {
    boolean start;
    synchronized (lock) {
      tasks.add(task);
      start = !running;
      running = true;
    }
    if (start) {
      pool.execute(this::turn);
    }
  }

  private void turn() {
    for (int i = 0; i < TURN; i++) {
      Runnable task;
      synchronized (lock) {
        task = tasks.poll();
        running = task != null;
      }
      if (task == null) {
        return;
      }
      runOne(task);
    }
    pool.execute(this::turn);
  }

  private static void runOne(Runnable task) {
    try {
      task.run();
    } catch (RuntimeException | Error e) { // top of a thread: one link's bug must not stop its queue
      LOG.error("task of a piece link failed", e);
    }
  }
}
