package dev.damselfly.peer.store;

import dev.damselfly.api.id.PieceNumber;
import dev.damselfly.peer.content.Attestation;
import dev.damselfly.peer.content.PieceSource;
import java.nio.ByteBuffer;
import java.util.Optional;

/// A piece while its bytes arrive. They go to their place in the task's file, hashed on the way, and stay invisible
/// until a [VerifiedPiece] made from them is committed. Not thread-safe; blocking (never call it on an event loop).
public final class IncomingPiece implements AutoCloseable {
  public PieceNumber number() {
    throw new UnsupportedOperationException();
  }

  /// Most bytes this piece may have: exactly its length when the content length is known, else the piece length.
  public long maxLength() {
    throw new UnsupportedOperationException();
  }

  /// Bytes written so far.
  public long received() {
    throw new UnsupportedOperationException();
  }

  /// Writes and hashes the remaining bytes of the buffer.
  ///
  /// @throws dev.damselfly.api.error.RequestFailure.Refused LIMIT_EXCEEDED for more than [#maxLength] bytes
  public void write(ByteBuffer bytes) {
    throw new UnsupportedOperationException();
  }

  /// Proof, if length and SHA-256 of what was written are the attested ones.
  public Optional<VerifiedPiece> verify(Attestation expected, PieceSource.Parent source) {
    throw new UnsupportedOperationException();
  }

  /// Proof for bytes that this host read from the origin over a connection of its own, complete and pinned to the
  /// task's facts. Their digest is what this host attests.
  public VerifiedPiece fromOrigin(PieceSource.Origin source, String originLabel) {
    throw new UnsupportedOperationException();
  }

  /// Forgets the bytes so far and starts over; the claim stays.
  public void restart() {
    throw new UnsupportedOperationException();
  }

  /// Gives the claim back unless the piece was committed.
  @Override
  public void close() {
    throw new UnsupportedOperationException();
  }
}
