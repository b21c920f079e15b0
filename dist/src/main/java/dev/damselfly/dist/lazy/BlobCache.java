package dev.damselfly.dist.lazy;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.damselfly.dist.lazy.CacheJournal.Held;
import dev.damselfly.nydus.Chunk;
import dev.damselfly.nydus.chunk.VerifiedChunk;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/// The verified chunks of one blob on disk: a sparse file with each chunk at its place in the uncompressed blob, and a
/// journal that gets a record after the bytes of a chunk are written. Thread-safe.
///
/// One process writes; others that read the same image read along. What a journal of an earlier boot says is verified
/// again before it counts.
final class BlobCache implements AutoCloseable {
  static final long MOST_BYTES = 1L << 44;
  private static final Set<StandardOpenOption> OPTIONS =
      Set.of(StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE);

  private final FileChannel bytes;
  private final FileChannel journal;
  private final boolean writer;
  private final AtomicLong room;
  private final ConcurrentHashMap<Long, Held> held = new ConcurrentHashMap<>();
  private final ConcurrentHashMap<Long, Held> doubtful = new ConcurrentHashMap<>();

  @GuardedBy("this")
  private long end;

  private BlobCache(FileChannel bytes, FileChannel journal, boolean writer, AtomicLong room) {
    this.bytes = bytes;
    this.journal = journal;
    this.writer = writer;
    this.room = room;
  }

  static Path bytesOf(Path directory, String blobId) {
    return directory.resolve(blobId + ".bytes");
  }

  static Path journalOf(Path directory, String blobId) {
    return directory.resolve(blobId + ".journal");
  }

  /// @param directory private to this user
  /// @param boot of the system
  /// @param room bytes that all caches of this process may still take
  static BlobCache open(Path directory, String blobId, String boot, AtomicLong room) throws IOException {
    FileChannel bytes = open(bytesOf(directory, blobId));
    try {
      FileChannel journal = open(journalOf(directory, blobId));
      try {
        FileLock lock = tryLock(journal);
        var cache = new BlobCache(bytes, journal, lock != null, room);
        cache.load(boot);
        Files.setLastModifiedTime(journalOf(directory, blobId), FileTime.from(Instant.now())); // used now
        return cache;
      } catch (IOException e) {
        journal.close();
        throw e;
      }
    } catch (IOException e) {
      bytes.close();
      throw e;
    }
  }

  private static FileChannel open(Path file) throws IOException {
    var options = new java.util.HashSet<java.nio.file.OpenOption>(OPTIONS);
    options.add(LinkOption.NOFOLLOW_LINKS);
    return FileChannel.open(file, options, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
  }

  private static @Nullable FileLock tryLock(FileChannel journal) throws IOException {
    try {
      return journal.tryLock(0, 1, false);
    } catch (OverlappingFileLockException e) {
      return null; // another reader of this process writes
    }
  }

  private synchronized void load(String boot) throws IOException {
    var header = ByteBuffer.allocate(CacheJournal.HEADER);
    fill(journal, header, 0);
    String written = CacheJournal.boot(header.array()).filter(_ -> !header.hasRemaining()).orElse("");
    if (written.equals(boot)) {
      end = CacheJournal.HEADER;
      replay(held);
      if (writer) {
        journal.truncate(end); // a record that was not written to its end
      }
    } else if (writer) {
      if (!written.isEmpty()) {
        end = CacheJournal.HEADER;
        replay(doubtful);
      }
      journal.truncate(0);
      write(journal, ByteBuffer.wrap(CacheJournal.header(boot)), 0);
      end = CacheJournal.HEADER;
    }
    room.addAndGet(-held.values().stream().mapToLong(Held::size).sum());
  }

  /// Reads what was written since. Stops at the first record that is not whole.
  @GuardedBy("this")
  private void replay(ConcurrentHashMap<Long, Held> into) throws IOException {
    var buffer = ByteBuffer.allocate(CacheJournal.RECORD * 1024);
    while (true) {
      fill(journal, buffer.clear(), end);
      buffer.flip();
      int taken = 0;
      for (var next = CacheJournal.parse(buffer); next.isPresent(); next = CacheJournal.parse(buffer)) {
        into.put(next.get().at(), next.get());
        taken += CacheJournal.RECORD;
      }
      end += taken;
      if (taken < buffer.capacity()) {
        return;
      }
    }
  }

  /// Copies a part of a chunk, if it is here.
  ///
  /// @param from first byte inside the chunk
  boolean read(Chunk chunk, int from, ByteBuffer into) throws IOException {
    Held found = held.get(chunk.uncompressedOffset());
    if (found == null) {
      found = late(chunk);
    }
    if (found == null || !isOf(found, chunk)) {
      return false;
    }
    int limit = into.limit();
    fill(bytes, into, found.at() + from);
    if (into.position() < limit) {
      throw new IOException("a cache file is shorter than its journal says");
    }
    return true;
  }

  boolean has(Chunk chunk) {
    Held found = held.get(chunk.uncompressedOffset());
    return found != null && isOf(found, chunk);
  }

  private static boolean isOf(Held held, Chunk chunk) {
    return held.is(chunk.uncompressedOffset(), chunk.uncompressedSize()) && chunk.hasDigest(held.digest());
  }

  /// Of another process since, or of an earlier boot.
  private @Nullable Held late(Chunk chunk) throws IOException {
    if (!writer) {
      synchronized (this) {
        if (end >= CacheJournal.HEADER) {
          replay(held);
        }
      }
      return held.get(chunk.uncompressedOffset());
    }
    Held old = doubtful.remove(chunk.uncompressedOffset());
    if (old == null || !isOf(old, chunk)) {
      return null;
    }
    var copy = ByteBuffer.allocate(old.size());
    fill(bytes, copy, old.at());
    boolean good = !copy.hasRemaining() && chunk.hasDigest(chunk.blob().digest().of(copy.flip()));
    if (!good) {
      return null;
    }
    note(old);
    return old;
  }

  /// Keeps a chunk.
  ///
  /// @return false when there is no room, or another process writes
  boolean put(VerifiedChunk verified) throws IOException {
    Chunk chunk = verified.chunk();
    int size = chunk.uncompressedSize();
    if (!writer || chunk.uncompressedOffset() > MOST_BYTES - size || room.get() < size) {
      return false;
    }
    if (!held.containsKey(chunk.uncompressedOffset())) {
      write(bytes, verified.bytes(), chunk.uncompressedOffset());
      note(new Held(chunk.uncompressedOffset(), size, chunk.digest()));
    }
    return true;
  }

  private synchronized void note(Held now) throws IOException {
    write(journal, ByteBuffer.wrap(CacheJournal.record(now)), end);
    end += CacheJournal.RECORD;
    held.put(now.at(), now);
    room.addAndGet(-now.size());
  }

  private static void fill(FileChannel file, ByteBuffer into, long at) throws IOException {
    long position = at;
    while (into.hasRemaining()) {
      int got = file.read(into, position);
      if (got < 0) {
        return;
      }
      position += got;
    }
  }

  private static void write(FileChannel file, ByteBuffer from, long at) throws IOException {
    long position = at;
    while (from.hasRemaining()) {
      position += file.write(from, position);
    }
  }

  @Override
  public void close() {
    for (FileChannel file : new FileChannel[] {bytes, journal}) {
      try {
        file.close();
      } catch (IOException e) {
        // every record stands for bytes that were written before it
      }
    }
  }
}
