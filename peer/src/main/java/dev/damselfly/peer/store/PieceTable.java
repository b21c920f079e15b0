package dev.damselfly.peer.store;

import dev.damselfly.api.id.PieceLayout;
import dev.damselfly.api.id.PieceNumber;
import dev.damselfly.peer.content.PieceRecord;
import java.util.List;
import java.util.Optional;
import java.util.TreeMap;

/// Held pieces of one task. Not thread-safe.
final class PieceTable {
  private final TreeMap<PieceNumber, PieceRecord> held = new TreeMap<>();
  private long bytes;
  private int prefix;

  static PieceTable of(List<PieceRecord> records) {
    var table = new PieceTable();
    records.forEach(table::add);
    return table;
  }

  void add(PieceRecord record) {
    var before = held.put(record.number(), record);
    bytes += record.range().length() - (before == null ? 0 : before.range().length());
    while (prefix < PieceNumber.MAX && held.containsKey(new PieceNumber(prefix))) {
      prefix++;
    }
  }

  /// @return bytes of the piece; 0 when it was not held
  long remove(PieceNumber number) {
    var before = held.remove(number);
    if (before == null) {
      return 0;
    }
    prefix = Math.min(prefix, number.value());
    bytes -= before.range().length();
    return before.range().length();
  }

  Optional<PieceRecord> find(PieceNumber number) {
    return Optional.ofNullable(held.get(number));
  }

  List<PieceRecord> all() {
    return List.copyOf(held.values());
  }

  int count() {
    return held.size();
  }

  long bytes() {
    return bytes;
  }

  /// Pieces `0 .. prefix-1` are held without a gap.
  int prefix() {
    return prefix;
  }

  /// Every held piece is where the layout wants it.
  boolean fits(PieceLayout layout) {
    return held.values().stream()
        .allMatch(r -> r.number().value() < layout.count() && layout.range(r.number()).equals(r.range()));
  }
}
