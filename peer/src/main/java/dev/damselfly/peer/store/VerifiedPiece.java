package dev.damselfly.peer.store;

import dev.damselfly.peer.content.PieceRecord;

/// A piece whose digest was checked. Only [IncomingPiece] can make one, so holding one is the proof.
public final class VerifiedPiece {
  private final PieceRecord record;
  private final IncomingPiece incoming;
  private final int attempt;

  VerifiedPiece(PieceRecord record, IncomingPiece incoming, int attempt) {
    this.record = record;
    this.incoming = incoming;
    this.attempt = attempt;
  }

  public PieceRecord record() {
    return record;
  }

  /// Where its bytes were written.
  IncomingPiece incoming() {
    return incoming;
  }

  /// Which filling of the place it proves.
  int attempt() {
    return attempt;
  }
}
