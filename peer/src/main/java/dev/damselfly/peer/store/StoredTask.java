package dev.damselfly.peer.store;

import dev.damselfly.api.id.Digest;
import dev.damselfly.api.id.PieceNumber;
import dev.damselfly.api.id.TaskId;
import dev.damselfly.api.id.TaskTuple;
import dev.damselfly.peer.content.ContentFacts;
import dev.damselfly.peer.content.PieceRecord;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;

/// One task on disk. Thread-safe.
public final class StoredTask {
  public TaskId id() {
    throw new UnsupportedOperationException();
  }

  public TaskTuple tuple() {
    throw new UnsupportedOperationException();
  }

  public boolean restricted() {
    throw new UnsupportedOperationException();
  }

  public Optional<ContentFacts> facts() {
    throw new UnsupportedOperationException();
  }

  /// Fixes the facts and reserves disk space for a known length. Repeating them is harmless; the length may become known later once.
  ///
  /// @throws dev.damselfly.api.error.RequestFailure.Refused ORIGIN_CHANGED when they contradict the fixed ones; NO_SPACE
  public void fix(ContentFacts facts) {
    throw new UnsupportedOperationException();
  }

  /// Asks for the right to write a piece. One writer per piece; [Claim.Mine] must be closed.
  public Claim claim(PieceNumber number) {
    throw new UnsupportedOperationException();
  }

  /// Makes a verified piece visible to readers and listeners at once, and durable soon after.
  ///
  /// @throws java.io.UncheckedIOException when the disk fails; the piece is not visible then
  public void commit(VerifiedPiece piece) {
    throw new UnsupportedOperationException();
  }

  /// Waits until every piece committed before the call is durable.
  public void awaitDurable() {
    throw new UnsupportedOperationException();
  }

  public Optional<PieceRecord> record(PieceNumber number) {
    throw new UnsupportedOperationException();
  }

  /// Held pieces, ascending.
  public List<PieceRecord> records() {
    throw new UnsupportedOperationException();
  }

  /// All pieces of a known length are held.
  public boolean complete() {
    throw new UnsupportedOperationException();
  }

  /// Opens a held piece for reading. While open the task is not evicted. The caller closes it.
  ///
  /// @throws dev.damselfly.api.error.RequestFailure.Refused TASK_UNKNOWN when the piece is not held (any more)
  public PieceReader read(PieceNumber number) {
    throw new UnsupportedOperationException();
  }

  /// Keeps the task from eviction until closed; counts as use.
  public Pin pin() {
    throw new UnsupportedOperationException();
  }

  /// Calls the listener for each piece committed from now on, on the committing thread, without locks held.
  public Pin onCommit(Consumer<PieceRecord> listener) {
    throw new UnsupportedOperationException();
  }

  /// Drops pieces whose attestation was withdrawn.
  public void quarantine(List<PieceNumber> numbers) {
    throw new UnsupportedOperationException();
  }

  /// Drops all content and facts: the origin's content is another one now.
  public void discard() {
    throw new UnsupportedOperationException();
  }

  /// Compares the whole content with a digest. Hashes what was not hashed yet, in order; remembers the result.
  ///
  /// @throws IllegalStateException unless [#complete]
  public boolean matches(Digest expected) {
    throw new UnsupportedOperationException();
  }

  /// Starts hashing the contiguous prefix as it grows, so that [#matches] has little left to do.
  public void hashAhead(Digest expected) {
    throw new UnsupportedOperationException();
  }

  /// Ends what it stands for; idempotent.
  public interface Pin extends AutoCloseable {
    @Override
    void close();
  }
}
