package dev.damselfly.peer.store;

import dev.damselfly.api.error.RequestFailure;
import dev.damselfly.api.id.ByteRange;
import dev.damselfly.api.id.PieceLayout;
import dev.damselfly.api.id.PieceNumber;
import dev.damselfly.api.id.Sha256;
import dev.damselfly.peer.content.PieceRecord;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.time.Instant;
import java.util.TreeMap;
import java.util.function.IntUnaryOperator;

/// The counting parts of the store against models that count everything anew. For fuzz targets.
public final class StoreSets {
  private StoreSets() {}

  /// Held pieces against a sorted map.
  ///
  /// @param next the next number of the script below a bound
  public static void pieceTable(IntUnaryOperator next, int steps) {
    var table = new PieceTable();
    var model = new TreeMap<Integer, Long>();
    for (int i = 0; i < steps; i++) {
      int number = next.applyAsInt(24);
      if (next.applyAsInt(3) == 0) {
        Long before = model.remove(number);
        require(table.remove(new PieceNumber(number)) == (before == null ? 0 : before), "removed bytes");
      } else {
        long length = 1L + next.applyAsInt(200);
        table.add(record(number, length));
        model.put(number, length);
      }
      require(table.count() == model.size(), "count");
      require(table.bytes() == model.values().stream().mapToLong(Long::longValue).sum(), "bytes");
      int prefix = 0;
      while (model.containsKey(prefix)) {
        prefix++;
      }
      require(table.prefix() == prefix, "prefix");
      require(table.all().stream().map(r -> r.number().value()).toList().equals(java.util.List.copyOf(model.keySet())), "order");
      require(table.find(new PieceNumber(number)).isPresent() == model.containsKey(number), "find");
      var layout = new PieceLayout(20 * PieceLayout.MIN_PIECE + 7, PieceLayout.MIN_PIECE);
      boolean fits = model.keySet().stream().allMatch(n -> n == 20 && model.getOrDefault(n, 0L) == 7);
      require(table.fits(layout) == fits, "fits");
    }
  }

  private static PieceRecord record(int number, long length) {
    var range = new ByteRange(number * PieceLayout.MIN_PIECE, length);
    return new PieceRecord(
        new PieceNumber(number), range, new Sha256("0".repeat(64)), "crc32:1", StoreLab.ORIGIN, "read from o", Instant.EPOCH);
  }

  /// The quota against a plain sum: what is reserved never exceeds it, and what fits is never refused.
  public static void quota(IntUnaryOperator next, int steps) {
    long quota = 1L + next.applyAsInt(256);
    long[] disk = {next.applyAsInt(256), 256}; // free, total
    long[] evictable = {next.applyAsInt(64)};
    var spaces = new Space[1];
    var space =
        new Space(
            new Free(disk),
            quota,
            _ -> {
              long freed = evictable[0];
              evictable[0] = 0;
              spaces[0].release(freed);
              return freed > 0;
            });
    spaces[0] = space;
    space.adopt(evictable[0], 0);
    long own = 0;
    for (int i = 0; i < steps; i++) {
      long bytes = next.applyAsInt(128);
      if (next.applyAsInt(3) == 0) {
        long given = Math.min(own, bytes);
        space.release(given);
        own -= given;
      } else {
        long room = Math.min(quota, disk[0] - disk[1] / 100 * Space.KEEP_FREE_PERCENT);
        boolean fits = bytes == 0 || own + bytes <= room;
        boolean taken = take(space, bytes);
        require(taken == fits, "reserved what does not fit, or refused what does");
        own += taken ? bytes : 0;
      }
      require(space.reserved() == own + evictable[0], "reserved bytes");
      require(space.reserved() <= Math.max(quota, evictable[0]), "more than the quota");
    }
  }

  private static boolean take(Space space, long bytes) {
    try {
      space.reserve(bytes);
      return true;
    } catch (RequestFailure refused) {
      return false;
    }
  }

  private static void require(boolean holds, String what) {
    if (!holds) {
      throw new AssertionError("not as the model: " + what);
    }
  }

  /// A disk that only says how much room it has.
  private record Free(long[] bytes) implements Disk {
    @Override
    public FileChannel open(Path file) {
      throw new AssertionError("no files here");
    }

    @Override
    public int write(FileChannel channel, java.nio.ByteBuffer from, long position) {
      throw new AssertionError("no files here");
    }

    @Override
    public int read(FileChannel channel, java.nio.ByteBuffer into, long position) {
      throw new AssertionError("no files here");
    }

    @Override
    public void force(FileChannel channel) {}

    @Override
    public void delete(Path file) {}

    @Override
    public long freeBytes() {
      return bytes[0];
    }

    @Override
    public long totalBytes() {
      return bytes[1];
    }
  }
}
