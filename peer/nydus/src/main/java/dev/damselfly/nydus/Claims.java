package dev.damselfly.nydus;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/// Which bytes of the bootstrap belong to which record: no byte to two.
///
/// The sum of all claims is held below the length of the file as they come, so records that overlap many times
/// cannot make a walk longer than the file (S-NYD-1).
final class Claims {
  private final long capacity;
  private final List<Table> tables = new ArrayList<>();
  private long[] spans = new long[64]; // start << 32 | length; starts are below 2^31
  private int count;
  private long sum;

  Claims(long capacity) {
    this.capacity = capacity;
  }

  void addTable(Table table) throws RafsRefused {
    if (table.size() > 0) {
      tables.add(table);
      add(table.offset(), table.end());
    }
  }

  /// @param start inside the file
  /// @param end inside the file, after `start`
  void add(long start, long end) throws RafsRefused {
    if (start == end) {
      return;
    }
    sum += end - start;
    Bytes.require(sum <= capacity, Code.M23, start, "records do not overlap");
    if (count == spans.length) {
      spans = Arrays.copyOf(spans, count + (count >> 1));
    }
    spans[count++] = start << 32 | (end - start);
  }

  /// @throws RafsRefused with M10 where a table is involved, else M23
  void requireDisjoint() throws RafsRefused {
    Arrays.sort(spans, 0, count);
    long reached = 0;
    for (int i = 0; i < count; i++) {
      long start = spans[i] >>> 32;
      long end = start + (spans[i] & 0xffff_ffffL);
      if (start < reached) {
        long first = reached;
        boolean table = tables.stream().anyMatch(t -> t.meets(start, Math.min(first, end)));
        throw new RafsRefused(table ? Code.M10 : Code.M23, start, "records and tables do not overlap");
      }
      reached = end;
    }
  }
}
