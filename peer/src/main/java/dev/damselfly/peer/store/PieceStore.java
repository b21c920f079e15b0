package dev.damselfly.peer.store;

import dev.damselfly.api.error.Reason;
import dev.damselfly.api.error.RequestFailure.Refused;
import dev.damselfly.api.id.TaskId;
import dev.damselfly.api.id.TaskTuple;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.ReentrantLock;

/// All content of this host. Thread-safe.
///
/// The end of the process loses no piece that was recorded, which happens right after its commit. A loss of power takes at
/// most pieces that were not durable yet; nothing that is not verified is ever visible.
public final class PieceStore implements AutoCloseable {
  private static final int HASH_THREADS = 2;

  private final StoreConfig config;
  private final Shelf shelf;
  private final StoreLock processLock;
  private final TaskNotes notes;
  private final ExecutorService hashing;
  private final AtomicLong nextKey = new AtomicLong(1);
  private final Map<Name, StoredTask> tasks = new ConcurrentHashMap<>();
  private final ConcurrentLinkedQueue<TaskId> removedOnDemand = new ConcurrentLinkedQueue<>();

  /// Held while a task is created or removed, so that a name never stands for two files.
  private final ReentrantLock registry = new ReentrantLock();

  private record Name(TaskId id, boolean restricted) {}

  private PieceStore(Layout layout, StoreConfig config, InstantSource clock, Disk disk, Metadata metadata) {
    this.config = config;
    this.processLock = layout.lock();
    this.hashing = Executors.newFixedThreadPool(HASH_THREADS, Thread.ofPlatform().daemon().name("store-hash-", 0).factory());
    var journal = new Journal(metadata);
    this.shelf =
        new Shelf(
            disk, layout.content(), metadata, journal, new Space(disk, config.quotaBytes(), this::free), hashing, clock);
    this.notes = new TaskNotes(metadata, journal);
  }

  /// @param directory private directory of the daemon; created with mode 0700 when absent
  /// @throws IOException also when another process has the store open
  public static PieceStore open(Path directory, StoreConfig config, InstantSource clock) throws IOException {
    return open(directory, config, clock, new RealDisk(directory), SqliteMetadata::open);
  }

  /// Opens the metadata; a seam for tests.
  interface MetadataSource {
    Metadata open(Path file) throws IOException;
  }

  static PieceStore open(Path directory, StoreConfig config, InstantSource clock, Disk disk, MetadataSource source)
      throws IOException {
    var layout = Layout.of(directory);
    try {
      var metadata = source.open(layout.metadata());
      try {
        var rows = new Recovery(layout.content(), disk, metadata).run();
        var store = new PieceStore(layout, config, clock, disk, metadata);
        store.adopt(rows);
        store.shelf.journal().start();
        return store;
      } catch (IOException e) {
        metadata.close();
        throw e;
      }
    } catch (IOException e) {
      layout.lock().close();
      throw e;
    }
  }

  private void adopt(List<TaskRow> rows) {
    for (TaskRow row : rows) {
      tasks.put(new Name(row.tuple().id(), row.restricted()), new StoredTask(row, shelf, false));
      shelf.space().adopt(row.charge(), row.heldBytes());
      nextKey.accumulateAndGet(row.key() + 1, Math::max);
    }
  }

  /// The task of this tuple, created when absent.
  ///
  /// @param restricted content that was fetched with credentials; kept apart from public content of the same id
  /// @throws dev.damselfly.api.error.RequestFailure.Refused ID_BOUND_ELSEWHERE when the id stands for another tuple
  public StoredTask open(TaskTuple tuple, boolean restricted) {
    var name = new Name(tuple.id(), restricted);
    registry.lock();
    try {
      var known = tasks.get(name);
      if (known == null) {
        var row = TaskRow.fresh(nextKey.getAndIncrement(), tuple, restricted, shelf.clock().instant());
        shelf.journal().add(new Change.AddTask(row));
        known = new StoredTask(row, shelf, true);
        tasks.put(name, known);
      } else if (!known.tuple().fingerprint().equals(tuple.fingerprint())) {
        throw new Refused(Reason.ID_BOUND_ELSEWHERE, "the task id stands for another resource on this host");
      }
      return known;
    } finally {
      registry.unlock();
    }
  }

  public Optional<StoredTask> find(TaskId id, boolean restricted) {
    return Optional.ofNullable(tasks.get(new Name(id, restricted)));
  }

  public List<StoredTask> tasks() {
    return List.copyOf(tasks.values());
  }

  /// Notes of tasks.
  public TaskNotes notes() {
    return notes;
  }

  /// Bytes of content on disk.
  public long usedBytes() {
    return shelf.space().written();
  }

  /// Bytes that tasks have a right to, on disk or not. The quota bounds them.
  public long reservedBytes() {
    return shelf.space().reserved();
  }

  /// Removes tasks by age and, above the high watermark, the least recently used ones that nobody reads or writes.
  ///
  /// @return what was removed, also on demand since the last call
  public List<TaskId> collect() {
    var removed = new ArrayList<TaskId>();
    for (TaskId id = removedOnDemand.poll(); id != null; id = removedOnDemand.poll()) {
      removed.add(id);
    }
    Instant oldest = shelf.clock().instant().minus(config.taskTtl());
    for (StoredTask task : leastRecentlyUsed()) {
      if (task.content().usage().used().isBefore(oldest) && evict(task)) {
        removed.add(task.id());
      }
    }
    if (shelf.space().reserved() >= config.highBytes()) {
      for (StoredTask task : leastRecentlyUsed()) {
        if (shelf.space().reserved() > config.lowBytes() && task.content().charge() > 0 && evict(task)) {
          removed.add(task.id());
        }
      }
    }
    return List.copyOf(removed);
  }

  /// Makes room for content that is about to be fetched.
  private boolean free(long bytes) {
    long freed = 0;
    for (StoredTask task : leastRecentlyUsed()) {
      long charge = task.content().charge();
      if (freed < bytes && charge > 0 && evict(task)) {
        freed += charge;
        removedOnDemand.add(task.id());
      }
    }
    return freed > 0;
  }

  private List<StoredTask> leastRecentlyUsed() {
    record Aged(StoredTask task, Instant used) {} // the time of use changes while we sort

    return tasks.values().stream()
        .map(task -> new Aged(task, task.content().usage().used()))
        .sorted(Comparator.comparing(Aged::used))
        .map(Aged::task)
        .toList();
  }

  /// The record goes first, durably: a file without a record is swept at the next start, a record without a file would be
  /// a lie until then.
  private boolean evict(StoredTask task) {
    registry.lock();
    try {
      if (!task.content().retire()) {
        return false;
      }
      shelf.journal().flush();
      task.content().erase();
      return true;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } finally {
      if (task.content().usage().retired()) {
        tasks.remove(new Name(task.id(), task.restricted()), task);
      }
      registry.unlock();
    }
  }

  /// Waits until everything committed is durable.
  @Override
  public void close() {
    hashing.shutdown();
    try {
      if (!hashing.awaitTermination(1, TimeUnit.MINUTES)) {
        hashing.shutdownNow();
      }
    } catch (InterruptedException e) {
      hashing.shutdownNow();
      Thread.currentThread().interrupt();
    }
    try {
      shelf.journal().close();
    } finally {
      release();
    }
  }

  private void release() {
    try {
      shelf.metadata().close();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } finally {
      processLock.close();
    }
  }
}
