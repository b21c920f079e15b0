package dev.damselfly.peer.store;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.damselfly.api.id.TaskId;
import dev.damselfly.peer.content.PieceRecord;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/// Metadata that makes the journal wait before it makes changes durable until a test lets it through. What is only
/// applied passes freely, and is counted.
final class GatedMetadata implements Metadata {
  private static final long PATIENCE = TimeUnit.SECONDS.toNanos(60);

  private final Metadata real;
  private final Path log;
  private final Gate gate;
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();

  @GuardedBy("lock")
  private int pieces;

  @GuardedBy("lock")
  private int drops;

  @GuardedBy("lock")
  private long forced;

  private volatile boolean failing;

  GatedMetadata(Path file, Gate gate) throws IOException {
    this.real = SqliteMetadata.open(file);
    this.log = file.resolveSibling(file.getFileName() + "-wal");
    this.gate = gate;
  }

  /// Whether nothing can be written.
  void fail(boolean now) {
    failing = now;
  }

  /// Bytes of the log that a loss of power cannot take.
  long forced() {
    lock.lock();
    try {
      return forced;
    } finally {
      lock.unlock();
    }
  }

  /// Waits until so many pieces and drops of pieces, counted from the start, were applied.
  void awaitApplied(int wantedPieces, int wantedDrops) throws InterruptedException {
    lock.lock();
    try {
      long left = PATIENCE;
      while (pieces < wantedPieces || drops < wantedDrops) {
        left = changed.awaitNanos(Gate.requirePatience(left));
      }
    } finally {
      lock.unlock();
    }
  }

  @Override
  public void apply(List<Change> changes) throws IOException {
    if (failing) {
      throw new IOException("told to fail");
    }
    if (changes.getFirst() instanceof Change.Forced) {
      gate.pass(Gate.Step.RECORD_OUTCOME, () -> real.apply(changes));
      return;
    }
    real.apply(changes);
    lock.lock();
    try {
      for (Change change : changes) {
        pieces += change instanceof Change.AddPiece ? 1 : 0;
        drops += change instanceof Change.DropPieces ? 1 : 0;
      }
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  @Override
  public void force() throws IOException {
    gate.pass(
        Gate.Step.FORCE_METADATA,
        () -> {
          long size = Files.size(log);
          real.force();
          lock.lock();
          try {
            forced = size;
          } finally {
            lock.unlock();
          }
        });
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
  public List<PieceRecord> unforced(long task) throws IOException {
    return real.unforced(task);
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
