package dev.damselfly.peer.store;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.damselfly.api.error.Reason;
import dev.damselfly.api.error.RequestFailure.Refused;
import dev.damselfly.api.id.PieceNumber;
import dev.damselfly.peer.content.ContentFacts;
import dev.damselfly.peer.content.PieceRecord;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/// Facts, pieces and file of one task. Thread-safe.
///
/// Two rules keep records and bytes together over a crash: a record counts only after its bytes were forced, until then
/// the next start compares them; and bytes are written only to places of which no record is on disk.
final class TaskContent {
  private final TaskRow row;
  private final Shelf shelf;
  private final Usage usage;

  /// Held while facts change or content is dropped. Taken before `lock`, never by journal or eviction.
  private final ReentrantLock fixing = new ReentrantLock();

  private final Object lock = new Object();

  /// Loaded when first needed: a store of many idle tasks is small in memory.
  @GuardedBy("lock")
  private @Nullable TaskState loaded;

  TaskContent(TaskRow row, Shelf shelf, boolean fresh) {
    this.row = row;
    this.shelf = shelf;
    this.usage = new Usage(row.used(), shelf.clock());
    this.loaded = fresh ? new TaskState(row, file(), new PieceTable()) : null;
  }

  long key() {
    return row.key();
  }

  Instant now() {
    return shelf.clock().instant();
  }

  Usage usage() {
    return usage;
  }

  private ContentFile file() {
    return shelf.fileOf(row.tuple().id(), row.restricted());
  }

  @GuardedBy("lock")
  private TaskState state() {
    var state = loaded;
    if (state == null) {
      try {
        state = new TaskState(row, file(), PieceTable.of(shelf.metadata().pieces(key())));
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
      loaded = state;
    }
    return state;
  }

  long charge() {
    synchronized (lock) {
      var state = loaded;
      return state == null ? row.charge() : state.charge();
    }
  }

  long heldBytes() {
    synchronized (lock) {
      var state = loaded;
      return state == null ? row.heldBytes() : state.table().bytes();
    }
  }

  Optional<ContentFacts> facts() {
    synchronized (lock) {
      var state = loaded;
      return state == null ? row.facts() : state.facts();
    }
  }

  Optional<PieceRecord> record(PieceNumber number) {
    synchronized (lock) {
      return state().table().find(number);
    }
  }

  List<PieceRecord> records() {
    synchronized (lock) {
      return state().table().all();
    }
  }

  boolean complete() {
    synchronized (lock) {
      return state().complete();
    }
  }

  StoredTask.Pin pin() {
    usage.pin();
    return once(this::unpin);
  }

  private static StoredTask.Pin once(Runnable end) {
    var open = new AtomicBoolean(true);
    return () -> {
      if (open.getAndSet(false)) {
        end.run();
      }
    };
  }

  private void unpin() {
    if (usage.worthRecording()) {
      shelf.journal().offer(new Change.Used(key(), usage.used()));
    }
    usage.unpin();
  }

  void fix(ContentFacts wanted) {
    var pin = pin();
    fixing.lock();
    try {
      long need;
      synchronized (lock) {
        if (!state().bringsNews(wanted)) {
          return;
        }
        state().requireFits(wanted);
        need = wanted.contentLength().isPresent() ? wanted.contentLength().getAsLong() - state().charge() : 0;
      }
      shelf.space().reserve(need);
      settle(wanted, need);
    } finally {
      fixing.unlock();
      pin.close();
    }
  }

  /// Writes the facts down, unless pieces that came meanwhile do not fit them.
  private void settle(ContentFacts wanted, long taken) {
    long surplus = taken;
    try {
      synchronized (lock) {
        state().requireFits(wanted);
        long before = state().charge();
        shelf.journal().add(new Change.SetFacts(key(), state().fix(wanted)));
        surplus = taken + before - state().charge();
      }
    } finally {
      shelf.space().release(surplus);
    }
  }

  Claim claim(PieceNumber number) {
    var pin = pin();
    Claim answer = new Claim.Busy();
    try {
      synchronized (lock) {
        var taken = state().taken(number);
        if (taken.isPresent()) {
          return taken.get();
        }
      }
      answer = claimWithRoom(number);
      return answer;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } finally {
      if (!(answer instanceof Claim.Mine)) {
        pin.close();
      }
    }
  }

  private Claim claimWithRoom(PieceNumber number) throws IOException {
    ContentFile file;
    long room;
    synchronized (lock) {
      file = state().file();
      room = state().placeOf(number).room();
    }
    shelf.space().reserve(room);
    long surplus = room;
    Claim answer = new Claim.Busy();
    try {
      file.acquire();
      try {
        answer = claimPlace(number, file);
      } finally {
        if (answer instanceof Claim.Mine(var piece)) {
          surplus = room - piece.room(); // the length may have become known
        } else {
          file.release();
        }
      }
      return answer;
    } finally {
      shelf.space().release(surplus);
    }
  }

  private Claim claimPlace(PieceNumber number, ContentFile file) {
    synchronized (lock) {
      var taken = state().taken(number);
      if (taken.isPresent()) {
        return taken.get();
      }
      if (file != state().file()) {
        return new Claim.Busy(); // dropped meanwhile
      }
      var piece = new IncomingPiece(this, file, number, state().placeOf(number));
      state().claimed(piece);
      return new Claim.Mine(piece);
    }
  }

  /// Ends a claim that was not committed.
  void release(IncomingPiece piece) {
    synchronized (lock) {
      state().released(piece);
    }
    finished(piece, 0);
  }

  private void finished(IncomingPiece piece, long kept) {
    shelf.space().release(piece.room() - kept);
    piece.file().release();
    unpin();
  }

  void commit(VerifiedPiece proof) {
    shelf.journal().awaitRoom();
    long kept;
    synchronized (lock) {
      kept = state().committed(proof);
      shelf.journal().add(new Change.AddPiece(this, proof.incoming().file(), proof.record()));
    }
    proof.incoming().settled();
    shelf.space().wrote(proof.record().range().length());
    finished(proof.incoming(), kept);
  }

  void awaitDurable() {
    shelf.journal().flush();
    synchronized (lock) {
      if (state().takeLost()) {
        throw new UncheckedIOException(new IOException("the disk lost committed pieces"));
      }
    }
  }

  boolean awaitRecorded(Duration patience) throws InterruptedException {
    return shelf.journal().awaitApplied(patience);
  }

  PieceReader read(PieceNumber number) {
    var pin = pin();
    ContentFile file = null;
    PieceRecord record;
    try {
      synchronized (lock) {
        record = state().table().find(number).orElseThrow(TaskContent::notHeld);
        file = state().file();
        state().reading(number);
      }
      file.acquire();
    } catch (IOException e) {
      readingEnded(number);
      pin.close();
      throw new UncheckedIOException(e);
    } catch (Refused e) {
      pin.close();
      throw e;
    }
    var open = file;
    return new PieceReader(record, open, once(() -> {
      open.release();
      readingEnded(number);
      pin.close();
    }));
  }

  private static Refused notHeld() {
    return new Refused(Reason.TASK_UNKNOWN, "the piece is not held");
  }

  private void readingEnded(PieceNumber number) {
    synchronized (lock) {
      state().readingEnded(number);
    }
  }

  void quarantine(List<PieceNumber> numbers) {
    var pin = pin();
    try {
      long before;
      long after;
      long freed;
      synchronized (lock) {
        before = state().table().bytes();
        var removed = state().remove(numbers);
        after = state().table().bytes();
        freed = state().shrink();
        if (!removed.isEmpty()) {
          shelf.journal().add(new Change.DropPieces(this, removed));
        }
      }
      shelf.space().wrote(after - before);
      shelf.space().release(freed);
      shelf.journal().flush();
    } finally {
      pin.close();
    }
  }

  void discard() {
    var pin = pin();
    fixing.lock();
    try {
      long held;
      long charged;
      ContentFile old;
      synchronized (lock) {
        held = state().table().bytes();
        charged = state().charge();
        old = state().file();
        state().discard();
        shelf.journal().add(new Change.DropContent(key()));
      }
      shelf.space().wrote(-held);
      shelf.space().release(charged);
      shelf.journal().flush();
      old.retire(); // only now: its records are gone
      synchronized (lock) {
        state().restart(file());
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } finally {
      fixing.unlock();
      pin.close();
    }
  }

  /// The journal could not make this piece durable. Its place stays blocked until [#unblock].
  void lose(ContentFile where, PieceRecord piece) {
    long freed = 0;
    boolean held;
    synchronized (lock) {
      held = where == state().file() && state().table().find(piece.number()).equals(Optional.of(piece));
      if (held) {
        state().remove(List.of(piece.number())); // blocks it
        freed = state().shrink();
      } else {
        state().block(piece.number());
      }
      state().lost();
    }
    if (held) {
      shelf.space().wrote(-piece.range().length());
      shelf.space().release(freed);
    }
  }

  /// A drop of these pieces is durable: it leaves no record of their places on disk.
  void unblock(List<PieceNumber> numbers) {
    synchronized (lock) {
      state().unblock(numbers);
    }
  }

  /// Takes the task out of use for good.
  ///
  /// @return false when somebody uses it
  boolean retire() {
    if (!usage.retire()) {
      return false;
    }
    shelf.journal().add(new Change.DropTask(key()));
    return true;
  }

  /// Removes the file of a retired task whose record is gone.
  void erase() throws IOException {
    ContentFile file;
    synchronized (lock) {
      var state = loaded;
      file = state == null ? file() : state.file();
    }
    shelf.space().wrote(-heldBytes());
    shelf.space().release(charge());
    file.retire();
  }

  /// A piece of the contiguous prefix, if it is held and nothing was dropped since `epoch`.
  Optional<PieceRecord> next(int index, long epoch) {
    synchronized (lock) {
      return state().epoch() == epoch ? state().next(index) : Optional.empty();
    }
  }

  long epoch() {
    synchronized (lock) {
      return state().epoch();
    }
  }

  Optional<String> digest(String algorithm) {
    synchronized (lock) {
      return state().digest(algorithm);
    }
  }

  /// Remembers a computed digest of the whole content.
  ///
  /// @return false when content was dropped while it was computed
  boolean digest(String algorithm, String value, long epoch) {
    synchronized (lock) {
      if (state().epoch() != epoch || !state().complete()) {
        return false;
      }
      state().digest(algorithm, value);
      shelf.journal().add(new Change.SetDigest(key(), algorithm, value));
      return true;
    }
  }
}
