package dev.damselfly.peer.store;

import dev.damselfly.peer.content.PieceRecord;

/// A piece whose digest was checked. Only [IncomingPiece] can make one, so holding one is the proof.
public final class VerifiedPiece {
  private final PieceRecord record;

  VerifiedPiece(PieceRecord record) {
    this.record = record;
  }

  public PieceRecord record() {
    return record;
  }
}
