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

  Ask(Attestation expected, IncomingPiece sink) {
    this.expected = expected;
    this.sink = sink;
  }

  PieceNumber number() {
    return expected.number();
  }
}
