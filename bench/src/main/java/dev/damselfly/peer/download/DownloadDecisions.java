package dev.damselfly.peer.download;

import java.util.BitSet;
import java.util.List;
import java.util.random.RandomGenerator;

/// A downloading peer's own decision, for programs that measure it: which piece to ask of which parent.
public final class DownloadDecisions {
  private DownloadDecisions() {}

  /// A parent as its child sees it.
  public record View(BitSet have, int inFlight, long rate) {}

  /// Pairs of parent (position in the list) and piece.
  public static List<int[]> choose(BitSet askable, List<View> parents, long pieceLength, RandomGenerator random) {
    var views = parents.stream().map(p -> new PieceChooser.ParentView(p.have(), p.inFlight(), p.rate())).toList();
    return PieceChooser.choose(askable, views, pieceLength, random).stream()
        .map(pick -> new int[] {pick.parent(), pick.piece()})
        .toList();
  }
}
