package dev.damselfly.peer.transfer;

import dev.damselfly.api.id.PieceNumber;
import dev.damselfly.peer.content.Attestation;
import dev.damselfly.peer.store.IncomingPiece;

/// One requested piece on its way. The event loop hands it over to the link's queue, never back.
final class Ask {
  final Attestation expected;
  final IncomingPiece sink;

  /// Checksum text of the reply; set on the event loop before the piece is finished on the queue.
  String claimedCrc = "";

  /// The disk failed: the rest of the content is dropped. Only on the link's queue.
  boolean diskFailed;

  /// The listener was told how it ended, and the sink is not the link's any more. Only on the link's queue.
  boolean settled;

  Ask(Attestation expected, IncomingPiece sink) {
    this.expected = expected;
    this.sink = sink;
  }

  PieceNumber number() {
    return expected.number();
  }
}
