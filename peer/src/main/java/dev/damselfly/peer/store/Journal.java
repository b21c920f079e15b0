package dev.damselfly.peer.store;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/// Makes changes durable in their order, in two stages with a thread each.
///
/// The first applies what is queued, at once and without waiting for the disk: from then on it survives the end of the
/// process. The second forces the content files of what was applied, marks their pieces, and forces the metadata: now
/// it survives a loss of power too, and is settled. What piles up meanwhile shares the cost of the next round.
///
/// A piece whose file failed is lost: its task forgets it. A transaction that failed is tried again until it succeeds.
final class Journal implements AutoCloseable {
  /// Changes that are not settled at most, apart from one per thread that found room at the same time (B-45).
  static final int ROOM = 4096;

  private static final int GROUP = 512;
  private static final Duration RETRY = Duration.ofMillis(200);
  private static final Duration DEADLINE = Duration.ofSeconds(60);
  private static final System.Logger LOG = System.getLogger(Journal.class.getName());

  private final Metadata metadata;
  private final Thread applying;
  private final Thread syncing;
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition work = lock.newCondition();
  private final Condition unsettled = lock.newCondition();
  private final Condition progress = lock.newCondition();
  private final Condition records = lock.newCondition();

  /// Not applied yet.
  @GuardedBy("lock")
  private final ArrayDeque<Change> queue = new ArrayDeque<>();

  /// Applied, not taken up for settling yet.
  @GuardedBy("lock")
  private List<Change> applied = new ArrayList<>();

  /// How many were added for those; more when some were dropped as a defect.
  @GuardedBy("lock")
  private int appliedCount;

  @GuardedBy("lock")
  private long added;

  @GuardedBy("lock")
  private long recorded;

  @GuardedBy("lock")
  private long settled;

  @GuardedBy("lock")
  private boolean closing;

  /// Changes of the next group; 1 after a failure, to find the one that fails. Only the first stage uses it.
  private int groupSize = GROUP;

  /// Changes that are settled together.
  ///
  /// @param count how many were added for them; 0 when the journal ends
  private record Batch(List<Change> changes, int count) {}

  Journal(Metadata metadata) {
    this.metadata = metadata;
    this.applying = Thread.ofPlatform().daemon().name("store-journal").unstarted(this::applyAll);
    this.syncing = Thread.ofPlatform().daemon().name("store-sync").unstarted(this::settleAll);
  }

  void start() {
    applying.start();
    syncing.start();
  }

  /// Waits until the queue has room. Never called with a lock held that a failing change needs.
  void awaitRoom() {
    lock.lock();
    try {
      await(added - ROOM + 1);
    } finally {
      lock.unlock();
    }
  }

  /// Queues a change; never blocks, so that it may stand inside the lock that orders it.
  ///
  /// @throws IllegalStateException after the end
  void add(Change change) {
    if (!offer(change)) {
      throw new IllegalStateException("the store is closed");
    }
  }

  /// Queues a change that nobody misses after the end.
  boolean offer(Change change) {
    lock.lock();
    try {
      if (closing) {
        return false;
      }
      queue.add(change);
      added++;
      work.signal();
      return true;
    } finally {
      lock.unlock();
    }
  }

  /// Waits until everything added before is applied, so that it survives the end of the process.
  ///
  /// @return false when that takes longer, or the journal ends
  boolean awaitApplied(Duration patience) throws InterruptedException {
    lock.lock();
    try {
      long ticket = added;
      long left = patience.toNanos();
      while (recorded < ticket) {
        if (left <= 0 || closing) {
          return false;
        }
        left = records.awaitNanos(left);
      }
      return true;
    } finally {
      lock.unlock();
    }
  }

  /// Waits until everything added before is durable or lost.
  ///
  /// @throws UncheckedIOException when the disk does not get there in time
  void flush() {
    lock.lock();
    try {
      await(added);
    } finally {
      lock.unlock();
    }
  }

  /// Waits until the first `ticket` changes are settled.
  @GuardedBy("lock")
  private void await(long ticket) {
    long left = DEADLINE.toNanos();
    while (settled < ticket) {
      if (left <= 0 || closing) {
        throw new UncheckedIOException(new IOException("the metadata journal makes no progress"));
      }
      try {
        left = progress.awaitNanos(left);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new UncheckedIOException(new IOException("interrupted while waiting for the metadata journal", e));
      }
    }
  }

  private void applyAll() {
    var group = nextGroup();
    while (!group.isEmpty()) {
      apply(group);
      group = nextGroup();
    }
  }

  /// The oldest changes, which stay in the queue until they are applied; empty when the journal ends.
  private List<Change> nextGroup() {
    lock.lock();
    try {
      while (queue.isEmpty() && !closing) {
        work.awaitUninterruptibly();
      }
      return queue.stream().limit(groupSize).toList();
    } finally {
      lock.unlock();
    }
  }

  private void apply(List<Change> group) {
    try {
      metadata.apply(group);
      handOver(group, group.size());
      groupSize = GROUP;
    } catch (Metadata.RejectedChange e) {
      rejected(group, e);
    } catch (IOException e) {
      LOG.log(System.Logger.Level.WARNING, "metadata could not be written, trying again", e);
      groupSize = 1;
      pause();
    }
  }

  private void rejected(List<Change> group, Metadata.RejectedChange failure) {
    if (group.size() > 1) {
      groupSize = 1; // find the one
      return;
    }
    LOG.log(System.Logger.Level.ERROR, "a metadata change was dropped", failure);
    List<Change> instead = List.of();
    if (group.getFirst() instanceof Change.AddPiece piece) {
      piece.owner().lose(piece.file(), piece.piece());
      instead = List.of(new Change.DropPieces(piece.owner(), List.of(piece.piece().number()))); // there is no record
    }
    handOver(instead, 1);
  }

  /// @param changes what the next stage has to settle for the first of the queue
  /// @param done how many of the queue those are
  private void handOver(List<Change> changes, int done) {
    lock.lock();
    try {
      for (int i = 0; i < done; i++) {
        queue.poll();
      }
      applied.addAll(changes);
      appliedCount += done;
      recorded += done;
      records.signalAll();
      unsettled.signal();
    } finally {
      lock.unlock();
    }
  }

  private void settleAll() {
    var batch = nextBatch();
    while (batch.count() > 0) {
      settle(batch);
      batch = nextBatch();
    }
  }

  /// All that was applied meanwhile.
  private Batch nextBatch() {
    lock.lock();
    try {
      while (appliedCount == 0 && !closing) {
        unsettled.awaitUninterruptibly();
      }
      var batch = new Batch(applied, closing ? 0 : appliedCount);
      applied = new ArrayList<>();
      appliedCount = 0;
      return batch;
    } finally {
      lock.unlock();
    }
  }

  private void settle(Batch batch) {
    var settlement = Settlement.force(batch.changes());
    while (!durable(settlement.outcome())) {
      if (pause()) {
        return;
      }
    }
    settlement.done();
    lock.lock();
    try {
      settled += batch.count();
      progress.signalAll();
    } finally {
      lock.unlock();
    }
  }

  private boolean durable(List<Change> outcome) {
    try {
      if (!outcome.isEmpty()) {
        metadata.apply(outcome);
      }
      metadata.force();
      return true;
    } catch (IOException e) {
      LOG.log(System.Logger.Level.WARNING, "metadata could not be made durable, trying again", e);
      return false;
    }
  }

  /// @return whether the journal ends
  private boolean pause() {
    lock.lock();
    try {
      long left = RETRY.toNanos();
      while (left > 0 && !closing) {
        left = progress.awaitNanos(left);
      }
      return closing;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return true;
    } finally {
      lock.unlock();
    }
  }

  /// Waits for everything added; then nothing more is taken.
  @Override
  public void close() {
    try {
      flush();
    } finally {
      lock.lock();
      try {
        closing = true;
        queue.clear(); // empty after a good flush
        work.signal();
        unsettled.signal();
        progress.signalAll();
        records.signalAll();
      } finally {
        lock.unlock();
      }
    }
    try {
      applying.join(DEADLINE);
      syncing.join(DEADLINE);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
