package dev.damselfly.nydus;

import static dev.damselfly.nydus.Bytes.require;

import java.util.List;

/// The distinct chunks of an image, found by blob and number. Eight bytes for each chunk.
final class ChunkTable {
  static final int SHIFT = 28; // offsets / 8 are below 2^28, keys have 32 bits
  private static final long LOW = (1L << SHIFT) - 1;
  private final Bytes in;
  private final long base;
  private final int unit;
  private final long[] rows; // (blob, number) << SHIFT | (offset - base) / unit, sorted

  /// @param keyed (blob, number) << SHIFT | (offset - base) / unit of checked records, in order, each key once
  private ChunkTable(Bytes in, long base, int unit, long[] keyed) {
    this.in = in;
    this.base = base;
    this.unit = unit;
    this.rows = keyed;
  }

  /// The table of version 6: sorted by digest and blob, each pair once.
  static ChunkTable version6(Bytes in, Table table, List<Blob> blobs, int chunkSize) throws RafsRefused {
    int count = (int) (table.size() / ChunkRecord.SIZE);
    var keyed = new Longs();
    for (int i = 0; i < count; i++) {
      long at = table.offset() + (long) ChunkRecord.SIZE * i;
      ChunkRecord.check(in, at, blobs, chunkSize, true);
      if (i > 0) {
        long before = at - ChunkRecord.SIZE;
        int order = in.compare(before, DigestAlgorithm.LENGTH, at, DigestAlgorithm.LENGTH);
        boolean ascending = order < 0 || order == 0 && in.u32(before + 32) < in.u32(at + 32);
        require(ascending, Code.M13, at, "chunk records ascend by digest and blob");
      }
      keyed.add(ChunkRecord.key(in, at) << SHIFT | i);
    }
    long[] rows = keyed.sorted();
    var built = new ChunkTable(in, table.offset(), ChunkRecord.SIZE, rows);
    for (int i = 1; i < count; i++) {
      boolean other = rows[i - 1] >>> SHIFT != rows[i] >>> SHIFT;
      require(other, Code.M39, built.offset(i), "a chunk of a blob is described once");
    }
    built.requireDisjoint(blobs);
    return built;
  }

  /// The records of version 5 stand in the inodes: the same chunk may be described often, but always alike.
  ///
  /// @param records (blob, number) << SHIFT | offset / 8 of checked records
  static ChunkTable version5(Bytes in, Longs records, List<Blob> blobs) throws RafsRefused {
    var distinct = new Longs();
    long kept = -1;
    for (long row : records.sorted()) {
      if (kept >= 0 && kept >>> SHIFT == row >>> SHIFT) {
        long a = (kept & LOW) * 8;
        long b = (row & LOW) * 8;
        boolean alike = in.same(a, b, ChunkRecord.FILE_OFFSET_AT) && in.same(a + 72, b + 72, 8);
        require(alike, Code.M39, b, "a chunk of a blob is described alike everywhere");
      } else {
        distinct.add(row);
        kept = row;
      }
    }
    var built = new ChunkTable(in, 0, 8, distinct.sorted());
    built.requireDisjoint(blobs);
    return built;
  }

  /// Offset of the record, or -1.
  long find(int blob, int number) {
    long key = (long) blob << 24 | number;
    int low = 0;
    int high = rows.length - 1;
    while (low <= high) {
      int middle = (low + high) >>> 1;
      long found = rows[middle] >>> SHIFT;
      if (found == key) {
        return offset(middle);
      }
      if (found < key) {
        low = middle + 1;
      } else {
        high = middle - 1;
      }
    }
    return -1;
  }

  int size() {
    return rows.length;
  }

  long offset(int row) {
    return base + (rows[row] & LOW) * unit;
  }

  private void requireDisjoint(List<Blob> blobs) throws RafsRefused {
    int from = 0;
    for (Blob blob : blobs) {
      int to = from;
      while (to < rows.length && rows[to] >>> SHIFT + 24 == blob.index()) {
        to++;
      }
      requireDisjoint(from, to, new Range(56, 44, "uncompressed ranges of a blob do not overlap"));
      if (!blob.features().isZran()) {
        requireDisjoint(from, to, new Range(48, 40, "compressed ranges of a blob do not overlap"));
      }
      from = to;
    }
  }

  private record Range(int offsetAt, int sizeAt, String rule) {}

  private void requireDisjoint(int from, int to, Range range) throws RafsRefused {
    var starts = new Longs();
    var ends = new Longs();
    for (int i = from; i < to; i++) {
      long start = in.u64(offset(i) + range.offsetAt);
      long size = in.u32(offset(i) + range.sizeAt);
      if (size > 0) { // members of batches have no place here
        starts.add(start);
        ends.add(start + size);
      }
    }
    long offender = Disjoint.offender(starts.sorted(), ends.sorted());
    for (int i = from; offender >= 0 && i < to; i++) {
      long at = offset(i) + range.offsetAt;
      require(in.u64(at) != offender || in.u32(offset(i) + range.sizeAt) == 0, Code.M38, at, range.rule);
    }
  }
}
