package dev.damselfly.peer.store;

import dev.damselfly.api.error.Reason;
import dev.damselfly.api.error.RequestFailure.Refused;
import dev.damselfly.api.id.Digest;
import dev.damselfly.api.id.PieceNumber;
import dev.damselfly.peer.content.ContentFacts;
import dev.damselfly.peer.content.PieceSource;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;

/// The content of a task from somebody whose word means nothing: piece after piece, in order. All of it stays invisible
/// until the digest of the whole was compared; then all of it becomes visible, or nothing is left (S-LEG-6). Its length
/// is what arrived. Not thread-safe; blocking.
public final class UnprovenContent implements AutoCloseable {
  private final StoredTask task;
  private final Digest expected;
  private final ContentFacts facts;
  private final MessageDigest whole;
  private final StoredTask.Pin pin;
  private final List<IncomingPiece> pieces = new ArrayList<>();
  private long total;
  private boolean kept;

  private UnprovenContent(StoredTask task, ContentFacts facts, Digest expected) {
    this.task = task;
    this.facts = facts;
    this.expected = expected;
    this.whole = expected.newDigest();
    this.pin = task.pin();
  }

  static UnprovenContent of(StoredTask task, long pieceLength, Digest expected) {
    var content =
        new UnprovenContent(task, new ContentFacts(OptionalLong.empty(), pieceLength, "", "", false), expected);
    try {
      if (task.facts().isPresent()) {
        task.discard(); // what an earlier attempt left
      }
      task.fix(content.facts);
    } catch (RuntimeException e) {
      content.pin.close();
      throw e;
    }
    return content;
  }

  /// Begins the next piece.
  ///
  /// @throws Refused NO_SPACE; WRONG_STATE when somebody else writes to the task
  public void next() {
    if (!(task.claim(new PieceNumber(pieces.size())) instanceof Claim.Mine(var piece))) {
      throw new Refused(Reason.WRONG_STATE, "somebody else writes this content");
    }
    pieces.add(piece);
  }

  /// Takes the remaining bytes of the buffer for the piece that was begun last.
  ///
  /// @throws Refused LIMIT_EXCEEDED for more than a piece has
  /// @throws java.io.UncheckedIOException when the disk fails
  public void write(ByteBuffer bytes) {
    ByteBuffer same = bytes.duplicate();
    int length = bytes.remaining();
    pieces.getLast().write(bytes);
    whole.update(same);
    total += length;
  }

  /// Bytes so far.
  public long total() {
    return total;
  }

  /// Compares, once, and keeps the content when it is the expected one.
  ///
  /// @return whether it is
  /// @throws java.io.UncheckedIOException when the disk fails; nothing is kept then
  public boolean prove(PieceSource.Legacy source) {
    if (total == 0 || !expected.matches(whole.digest())) {
      return false;
    }
    for (IncomingPiece piece : pieces) {
      task.commit(piece.ofProvenContent(source));
    }
    task.fix(facts.withLength(total));
    if (!task.matches(expected)) { // what is on the disk, once more: from now on it is only looked up
      throw new UncheckedIOException(new IOException("the disk does not return what was written"));
    }
    kept = true;
    return true;
  }

  /// Drops everything that was not kept.
  @Override
  public void close() {
    try {
      pieces.forEach(IncomingPiece::close);
      if (!kept) {
        task.discard();
      }
    } finally {
      pin.close();
    }
  }
}
