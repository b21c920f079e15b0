package dev.damselfly.dist.lazy;

import dev.damselfly.dist.lazy.LazyFailed.Kind;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;
import java.util.regex.Pattern;

/// The directory of one user's cache: small verified files whole, blobs by their verified chunks. Thread-safe.
///
/// A bound on its size: blobs that were not read for longest are removed when an image is opened; when that is not enough,
/// new chunks are not kept.
public final class ChunkCache {
  private static final Pattern JOURNAL = Pattern.compile("[0-9a-f]{64}\\.journal");
  private static final int PARTS = ".journal".length();

  private final Path directory;
  private final String boot;
  private final AtomicLong room;

  private ChunkCache(Path directory, String boot, AtomicLong room) {
    this.directory = directory;
    this.boot = boot;
    this.room = room;
  }

  /// @param directory private to this user; made when it is not there
  /// @param most bytes of chunks
  public static ChunkCache open(Path directory, long most) throws LazyFailed {
    try {
      if (!Files.exists(directory)) {
        Files.createDirectory(directory, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
      }
      String boot = Files.readString(Path.of("/proc/sys/kernel/random/boot_id")).strip();
      var cache = new ChunkCache(directory, boot, new AtomicLong(most));
      cache.shrink(most);
      return cache;
    } catch (IOException e) {
      throw new LazyFailed(Kind.LOCAL, "the cache cannot be used: " + directory);
    }
  }

  private record Kept(Path journal, long used, long bytes) {}

  /// Removes the oldest until the rest fits. A sparse file counts as if it were not.
  private void shrink(long most) throws IOException {
    var all = new ArrayList<Kept>();
    try (var files = Files.list(directory)) {
      for (Path journal : files.filter(file -> JOURNAL.matcher(String.valueOf(file.getFileName())).matches()).toList()) {
        all.add(new Kept(journal, Files.getLastModifiedTime(journal).toMillis(), allocated(bytesOf(journal))));
      }
    }
    all.sort(Comparator.comparingLong(Kept::used));
    long sum = all.stream().mapToLong(Kept::bytes).sum();
    for (Kept oldest : all) {
      if (sum <= most) {
        return;
      }
      if (remove(oldest.journal())) {
        sum -= oldest.bytes();
      }
    }
    room.set(Math.max(0, most - sum));
  }

  private static Path bytesOf(Path journal) {
    String name = String.valueOf(journal.getFileName());
    return journal.resolveSibling(name.substring(0, name.length() - PARTS) + ".bytes");
  }

  /// Not more than the end of the last chunk.
  private static long allocated(Path bytes) throws IOException {
    return Files.exists(bytes) ? Files.size(bytes) : 0;
  }

  /// Only what nobody uses.
  private static boolean remove(Path journal) throws IOException {
    try (var file = FileChannel.open(journal, StandardOpenOption.WRITE); var lock = file.tryLock(0, 1, false)) {
      if (lock == null) {
        return false;
      }
      Files.deleteIfExists(journal);
      Files.deleteIfExists(bytesOf(journal));
      return true;
    }
  }

  BlobCache blob(String blobId) throws IOException {
    return BlobCache.open(directory, blobId, boot, room);
  }

  /// A file by its digest, to be compared with it again.
  Optional<byte[]> small(String name, int most) {
    try (var in = Files.newInputStream(directory.resolve(name))) {
      return Optional.of(in.readNBytes(most));
    } catch (IOException absent) {
      return Optional.empty();
    }
  }

  /// Keeps a file; one that cannot be kept is fetched again another time.
  void keep(String name, byte[] bytes) {
    try {
      Path part = Files.createTempFile(directory, "part", "");
      Files.write(part, bytes);
      Files.move(part, directory.resolve(name), StandardCopyOption.ATOMIC_MOVE);
    } catch (IOException notKept) {
      // said above
    }
  }
}
