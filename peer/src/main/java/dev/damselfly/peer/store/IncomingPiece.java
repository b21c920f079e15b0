package dev.damselfly.peer.store;

import dev.damselfly.api.error.Reason;
import dev.damselfly.api.error.RequestFailure.Refused;
import dev.damselfly.api.id.ByteRange;
import dev.damselfly.api.id.PieceNumber;
import dev.damselfly.api.id.Sha256;
import dev.damselfly.peer.content.Attestation;
import dev.damselfly.peer.content.PieceRecord;
import dev.damselfly.peer.content.PieceSource;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.util.Optional;
import java.util.zip.CRC32;
import org.jspecify.annotations.Nullable;

/// A piece while its bytes arrive. They go to their place in the task's file, hashed on the way, and stay invisible
/// until a [VerifiedPiece] made from them is committed. Not thread-safe; blocking (never call it on an event loop).
public final class IncomingPiece implements AutoCloseable {
  private static final int CHUNK = 256 << 10;

  private final TaskContent task;
  private final ContentFile file;
  private final PieceNumber number;
  private final long start;
  private final long maxLength;
  private final boolean exact;
  private final MessageDigest sha256 = Sha256.newDigest();
  private final CRC32 crc32 = new CRC32();
  private long received;
  private State state = State.FILLING;
  private int attempt;
  private @Nullable Sha256 rejected;

  private enum State {
    FILLING,
    /// The disk failed half-way: what was hashed may not be what is in the file.
    BROKEN,
    VERIFIED,
    CLOSED
  }

  IncomingPiece(TaskContent task, ContentFile file, PieceNumber number, TaskState.Place place) {
    this.task = task;
    this.file = file;
    this.number = number;
    this.start = place.range().start();
    this.maxLength = place.range().length();
    this.exact = place.exact();
  }

  public PieceNumber number() {
    return number;
  }

  /// Where its bytes stand in the content.
  public long offset() {
    return start;
  }

  /// Most bytes this piece may have: exactly its length when the content length is known, else the piece length.
  public long maxLength() {
    return maxLength;
  }

  /// Bytes written so far.
  public long received() {
    return received;
  }

  /// Writes and hashes the remaining bytes of the buffer.
  ///
  /// @throws dev.damselfly.api.error.RequestFailure.Refused LIMIT_EXCEEDED for more than [#maxLength] bytes
  /// @throws UncheckedIOException when the disk fails; only [#restart] helps then
  public void write(ByteBuffer bytes) {
    require(State.FILLING);
    if (bytes.remaining() > maxLength - received) {
      throw new Refused(Reason.LIMIT_EXCEEDED, "more bytes than the piece has");
    }
    int end = bytes.limit();
    try {
      while (bytes.position() < end) {
        bytes.limit((int) Math.min(end, (long) bytes.position() + CHUNK));
        writeChunk(bytes);
      }
    } catch (IOException e) {
      state = State.BROKEN;
      throw new UncheckedIOException(e);
    } finally {
      bytes.limit(end);
    }
  }

  private void writeChunk(ByteBuffer chunk) throws IOException {
    int length = chunk.remaining();
    sha256.update(chunk.duplicate());
    crc32.update(chunk.duplicate());
    file.write(chunk, start + received);
    received += length;
  }

  /// Proof, if length and SHA-256 of what was written are the attested ones. After a failed check only [#restart] and
  /// [#close] are of use.
  public Optional<VerifiedPiece> verify(Attestation expected, PieceSource.Parent source) {
    require(State.FILLING);
    boolean complete = received > 0 && received == expected.length() && (!exact || received == maxLength);
    byte[] actual = sha256.digest(); // resets: the bytes so far can be checked once
    state = State.BROKEN;
    if (!complete
        || !number.equals(expected.number())
        || !MessageDigest.isEqual(actual, expected.sha256().bytes())) {
      rejected = Sha256.of(actual);
      return Optional.empty();
    }
    return Optional.of(proof(expected.sha256(), source, "attested by " + expected.attester()));
  }

  /// Digest of the bytes that [#verify] refused last: evidence against their sender.
  public Optional<Sha256> rejected() {
    return Optional.ofNullable(rejected);
  }

  /// Proof for bytes that this host read from the origin over a connection of its own, complete and pinned to the
  /// task's facts. Their digest is what this host attests.
  ///
  /// @throws Refused WRONG_STATE for an empty or incomplete piece
  public VerifiedPiece fromOrigin(PieceSource.Origin source, String originLabel) {
    require(State.FILLING);
    if (received == 0 || (exact && received != maxLength)) {
      throw new Refused(Reason.WRONG_STATE, "the piece is not complete");
    }
    return proof(Sha256.of(sha256.digest()), source, "read from " + originLabel);
  }

  /// Proof for a piece of content that has the expected digest as a whole. Only [UnprovenContent] calls it, after it
  /// compared that.
  VerifiedPiece ofProvenContent(PieceSource.Legacy source) {
    require(State.FILLING);
    return proof(Sha256.of(sha256.digest()), source, "part of the whole content");
  }

  private VerifiedPiece proof(Sha256 digest, PieceSource source, String verifiedAgainst) {
    state = State.VERIFIED;
    var range = new ByteRange(start, received);
    var record =
        new PieceRecord(number, range, digest, "crc32:" + crc32.getValue(), source, verifiedAgainst, task.now());
    return new VerifiedPiece(record, this, attempt);
  }

  /// Forgets the bytes so far and starts over; the claim stays. Proofs made before are void.
  public void restart() {
    if (state == State.CLOSED) {
      throw new IllegalStateException("the piece is closed");
    }
    attempt++;
    received = 0;
    sha256.reset();
    crc32.reset();
    state = State.FILLING;
  }

  /// Gives the claim back unless the piece was committed.
  @Override
  public void close() {
    if (state != State.CLOSED) {
      state = State.CLOSED;
      task.release(this);
    }
  }

  /// The piece was committed: its place is not written any more.
  void settled() {
    state = State.CLOSED;
  }

  /// Whether the proof is of the bytes that are in the file now.
  boolean stands(VerifiedPiece proof) {
    return state == State.VERIFIED && proof.attempt() == attempt;
  }

  /// Room taken for this piece alone, because the content length is not known.
  long room() {
    return exact ? 0 : maxLength;
  }

  ContentFile file() {
    return file;
  }

  private void require(State wanted) {
    if (state != wanted) {
      throw new IllegalStateException("the piece is " + state + ", not " + wanted);
    }
  }
}
