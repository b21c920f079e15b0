package dev.damselfly.peer.store;

import dev.damselfly.api.id.Digest;
import dev.damselfly.api.id.PieceNumber;
import dev.damselfly.api.id.TaskId;
import dev.damselfly.api.id.TaskTuple;
import dev.damselfly.peer.content.ContentFacts;
import dev.damselfly.peer.content.PieceRecord;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;

/// One task on disk. Thread-safe.
public final class StoredTask {
  private final long key;
  private final TaskTuple tuple;
  private final TaskId id;
  private final boolean restricted;
  private final TaskContent content;
  private final WholeHash hash;
  private final Map<Long, Consumer<PieceRecord>> listeners = new ConcurrentSkipListMap<>(); // in order of arrival
  private final AtomicLong nextListener = new AtomicLong();

  StoredTask(TaskRow row, Shelf shelf, boolean fresh) {
    this.key = row.key();
    this.tuple = row.tuple();
    this.id = row.tuple().id();
    this.restricted = row.restricted();
    this.content = new TaskContent(row, shelf, fresh);
    this.hash = new WholeHash(content, shelf.hashing());
  }

  public TaskId id() {
    return id;
  }

  public TaskTuple tuple() {
    return tuple;
  }

  public boolean restricted() {
    return restricted;
  }

  public Optional<ContentFacts> facts() {
    return content.facts();
  }

  /// Fixes the facts and reserves disk space for a known length. Repeating them is harmless; the length may become known later once.
  ///
  /// @throws dev.damselfly.api.error.RequestFailure.Refused ORIGIN_CHANGED when they contradict the fixed ones; NO_SPACE;
  /// LIMIT_EXCEEDED for content of too many pieces
  public void fix(ContentFacts facts) {
    content.fix(facts);
  }

  /// Asks for the right to write a piece. One writer per piece; [Claim.Mine] must be closed.
  ///
  /// @throws dev.damselfly.api.error.InvalidValue when the content has no such piece
  /// @throws dev.damselfly.api.error.RequestFailure.Refused WRONG_STATE before [#fix]; NO_SPACE when the length is unknown
  /// and no room is left
  public Claim claim(PieceNumber number) {
    return content.claim(number);
  }

  /// Makes a verified piece visible to readers and listeners at once. Soon after it survives the end of the process, and
  /// once the disk has written it a loss of power.
  ///
  /// @throws java.io.UncheckedIOException when the disk fails; the piece is not visible then
  /// @throws dev.damselfly.api.error.RequestFailure.Refused WRONG_STATE when the proof is void: another task, a piece
  /// that was restarted, closed or committed, dropped content
  public void commit(VerifiedPiece piece) {
    content.commit(piece);
    for (var listener : listeners.values()) {
      listener.accept(piece.record());
    }
    hash.nudge();
  }

  /// Waits until every piece committed before the call is durable.
  ///
  /// @throws java.io.UncheckedIOException when the disk lost one; it is not held any more
  public void awaitDurable() {
    content.awaitDurable();
  }

  /// Waits until every piece committed before the call survives the end of the process.
  ///
  /// @return false when that takes longer: nobody is to be told yet that they are here to stay
  public boolean awaitRecorded(Duration patience) throws InterruptedException {
    return content.awaitRecorded(patience);
  }

  public Optional<PieceRecord> record(PieceNumber number) {
    return content.record(number);
  }

  /// Held pieces, ascending.
  public List<PieceRecord> records() {
    return content.records();
  }

  /// All pieces of a known length are held.
  public boolean complete() {
    return content.complete();
  }

  /// Opens a held piece for reading. While open the task is not evicted. The caller closes it.
  ///
  /// @throws dev.damselfly.api.error.RequestFailure.Refused TASK_UNKNOWN when the piece is not held (any more)
  public PieceReader read(PieceNumber number) {
    return content.read(number);
  }

  /// Keeps the task from eviction until closed; counts as use.
  ///
  /// @throws dev.damselfly.api.error.RequestFailure.Refused TASK_UNKNOWN when it was evicted before
  public Pin pin() {
    return content.pin();
  }

  /// Calls the listener for each piece committed from now on, on the committing thread, without locks held.
  public Pin onCommit(Consumer<PieceRecord> listener) {
    long number = nextListener.getAndIncrement();
    listeners.put(number, listener);
    return () -> listeners.remove(number);
  }

  /// Drops pieces whose attestation was withdrawn. Durable when it returns.
  public void quarantine(List<PieceNumber> numbers) {
    content.quarantine(numbers);
  }

  /// Drops all content and facts: the origin's content is another one now. Durable when it returns.
  public void discard() {
    content.discard();
  }

  /// Compares the whole content with a digest. Hashes what was not hashed yet, in order; remembers the result.
  ///
  /// @throws IllegalStateException unless [#complete]
  public boolean matches(Digest expected) {
    return hash.matches(expected);
  }

  /// Starts hashing the contiguous prefix as it grows, so that [#matches] has little left to do.
  public void hashAhead(Digest expected) {
    hash.ahead(expected);
  }

  /// Content that nobody speaks for yet: see [UnprovenContent], which the caller closes.
  ///
  /// @param pieceLength bytes per piece, 4 MiB..64 MiB
  /// @param expected decides about the whole
  /// @throws dev.damselfly.api.error.RequestFailure.Refused WRONG_STATE when this task has content of another kind
  public UnprovenContent unproven(long pieceLength, Digest expected) {
    return UnprovenContent.of(this, pieceLength, expected);
  }

  long key() {
    return key;
  }

  TaskContent content() {
    return content;
  }

  /// Neither URL nor content key: they may be secrets.
  @Override
  public String toString() {
    return "StoredTask[" + id + (restricted ? ", restricted" : "") + "]";
  }

  /// Ends what it stands for; idempotent.
  public interface Pin extends AutoCloseable {
    @Override
    void close();
  }
}
