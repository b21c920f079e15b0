package dev.damselfly.peer.store;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/// Makes changes durable in groups, in their order, on one thread: content files first, then one transaction.
///
/// A group that piles up while the disk works on the one before shares its cost. A piece whose file failed is
/// lost: its task forgets it. A transaction that failed is tried again until it succeeds.
final class Journal implements AutoCloseable {
  /// Changes that wait at most, apart from one per thread that found room at the same time (B-45).
  static final int ROOM = 4096;

  private static final int GROUP = 512;
  private static final Duration RETRY = Duration.ofMillis(200);
  private static final Duration DEADLINE = Duration.ofSeconds(60);
  private static final System.Logger LOG = System.getLogger(Journal.class.getName());

  private final Metadata metadata;
  private final Thread thread;
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition work = lock.newCondition();
  private final Condition progress = lock.newCondition();

  @GuardedBy("lock")
  private final ArrayDeque<Change> queue = new ArrayDeque<>();

  @GuardedBy("lock")
  private long added;

  @GuardedBy("lock")
  private long settled;

  @GuardedBy("lock")
  private boolean closing;

  /// Changes of the next group; 1 after a failure, to find the one that fails. Only the thread uses it.
  private int groupSize = GROUP;

  Journal(Metadata metadata) {
    this.metadata = metadata;
    this.thread = Thread.ofPlatform().daemon().name("store-journal").unstarted(this::run);
  }

  void start() {
    thread.start();
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

  private void run() {
    var group = nextGroup();
    while (!group.isEmpty()) {
      process(group);
      group = nextGroup();
    }
  }

  /// The oldest changes, which stay in the queue until they are settled; empty when the journal ends.
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

  private void process(List<Change> group) {
    var broken = force(group);
    var writable = new ArrayList<Change>(group.size());
    for (Change change : group) {
      if (change instanceof Change.AddPiece piece && broken.contains(piece.file())) {
        writable.add(lost(piece));
      } else {
        writable.add(change);
      }
    }
    try {
      metadata.apply(writable);
      writable.forEach(Journal::applied);
      settle(group.size());
      groupSize = GROUP;
    } catch (Metadata.RejectedChange e) {
      rejected(group, e);
    } catch (IOException e) {
      LOG.log(System.Logger.Level.WARNING, "metadata could not be written, trying again", e);
      groupSize = 1;
      pause();
    }
  }

  /// Its place is free for others once it is certain that no record of it is on disk.
  private static Change lost(Change.AddPiece piece) {
    piece.owner().lose(piece.file(), piece.piece());
    return new Change.DropPieces(piece.owner(), List.of(piece.piece().number()));
  }

  private void rejected(List<Change> group, Metadata.RejectedChange failure) {
    if (group.size() > 1) {
      groupSize = 1; // find the one
      return;
    }
    LOG.log(System.Logger.Level.ERROR, "a metadata change was dropped", failure);
    if (group.getFirst() instanceof Change.AddPiece piece) {
      applied(lost(piece));
    }
    settle(1);
  }

  private static void applied(Change change) {
    if (change instanceof Change.DropPieces drop) {
      drop.owner().unblock(drop.numbers());
    }
  }

  /// Forces each file of the group once. Returns those that failed.
  private static Set<ContentFile> force(List<Change> group) {
    var seen = new HashSet<ContentFile>();
    var broken = new HashSet<ContentFile>();
    for (Change change : group) {
      if (change instanceof Change.AddPiece piece && seen.add(piece.file())) {
        try {
          piece.file().force();
        } catch (IOException e) {
          LOG.log(System.Logger.Level.WARNING, "content could not be made durable; its newest pieces are dropped", e);
          broken.add(piece.file());
        }
      }
    }
    return broken;
  }

  private void settle(int done) {
    lock.lock();
    try {
      for (int i = 0; i < done; i++) {
        queue.remove();
      }
      settled += done;
      progress.signalAll();
    } finally {
      lock.unlock();
    }
  }

  private void pause() {
    lock.lock();
    try {
      long left = RETRY.toNanos();
      while (left > 0 && !closing) {
        left = progress.awaitNanos(left);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
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
        progress.signalAll();
      } finally {
        lock.unlock();
      }
    }
    try {
      thread.join(DEADLINE);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
