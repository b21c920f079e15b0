package dev.damselfly.peer.upload;

import dev.damselfly.api.id.PieceNumber;
import dev.damselfly.api.wire.vortex.Have;
import java.util.BitSet;
import java.util.List;

/// Pieces that a child has to hear of, each once. On the event loop of its connection.
final class News {
  private final BitSet told = new BitSet();
  private final BitSet waiting = new BitSet();

  void add(List<PieceNumber> numbers) {
    for (PieceNumber number : numbers) {
      if (!told.get(number.value())) {
        waiting.set(number.value());
      }
    }
  }

  /// The child was told that the piece is gone; when it comes back that is news again.
  void forget(PieceNumber number) {
    told.clear(number.value());
  }

  boolean isEmpty() {
    return waiting.isEmpty();
  }

  /// The next numbers to tell, ascending, as many as one frame holds.
  List<PieceNumber> next() {
    List<PieceNumber> numbers = waiting.stream().limit(Have.MAX).mapToObj(PieceNumber::new).toList();
    for (PieceNumber number : numbers) {
      waiting.clear(number.value());
      told.set(number.value());
    }
    return numbers;
  }
}
