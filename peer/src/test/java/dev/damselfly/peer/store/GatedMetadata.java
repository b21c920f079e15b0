package dev.damselfly.peer.store;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.damselfly.api.id.TaskId;
import dev.damselfly.peer.content.PieceRecord;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/// Metadata that makes the journal wait before each group of changes until a test lets it through.
final class GatedMetadata implements Metadata {
  private static final long PATIENCE = TimeUnit.SECONDS.toNanos(60);

  private final Metadata real;
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();

  @GuardedBy("lock")
  private boolean open = true;

  @GuardedBy("lock")
  private int permits;

  @GuardedBy("lock")
  private boolean waiting;

  @GuardedBy("lock")
  private int applied;

  GatedMetadata(Metadata real) {
    this.real = real;
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

  /// Lets one group through and waits until it is on disk.
  void letOneThrough() throws InterruptedException {
    lock.lock();
    try {
      int before = applied;
      permits++;
      changed.signalAll();
      long left = PATIENCE;
      while (applied == before) {
        left = changed.awaitNanos(requirePatience(left));
      }
    } finally {
      lock.unlock();
    }
  }

  /// Waits until the journal stands before the gate: the files of its group are forced by then.
  void awaitWaiting() throws InterruptedException {
    lock.lock();
    try {
      long left = PATIENCE;
      while (!waiting) {
        left = changed.awaitNanos(requirePatience(left));
      }
    } finally {
      lock.unlock();
    }
  }

  private static long requirePatience(long left) {
    if (left <= 0) {
      throw new AssertionError("the journal does not come");
    }
    return left;
  }

  @Override
  public void apply(List<Change> changes) throws IOException {
    lock.lock();
    try {
      waiting = true;
      changed.signalAll();
      while (!open && permits == 0) {
        changed.awaitUninterruptibly();
      }
      permits -= permits > 0 ? 1 : 0;
      waiting = false;
    } finally {
      lock.unlock();
    }
    real.apply(changes);
    lock.lock();
    try {
      applied++;
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  @Override
  public List<TaskRow> tasks() throws IOException {
    return real.tasks();
  }

  @Override
  public List<PieceRecord> pieces(long task) throws IOException {
    return real.pieces(task);
  }

  @Override
  public void dropPiecesBeyond(long task, long size) throws IOException {
    real.dropPiecesBeyond(task, size);
  }

  @Override
  public Map<String, String> notes(long task) throws IOException {
    return real.notes(task);
  }

  @Override
  public Optional<TaskId> byLabel(String label) throws IOException {
    return real.byLabel(label);
  }

  @Override
  public void close() throws IOException {
    real.close();
  }
}
