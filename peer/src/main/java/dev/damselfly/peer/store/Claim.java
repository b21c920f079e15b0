package dev.damselfly.peer.store;

import dev.damselfly.peer.content.PieceRecord;

/// Answer to the wish to write a piece.
public sealed interface Claim {
  /// The piece is yours to fill; close it on every path.
  record Mine(IncomingPiece piece) implements Claim {}

  /// It is here already.
  record Held(PieceRecord piece) implements Claim {}

  /// Somebody else is writing it.
  record Busy() implements Claim {}
}
