package dev.damselfly.peer.proxy;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.damselfly.api.error.Reason;
import dev.damselfly.api.error.RequestFailure;
import dev.damselfly.api.error.RequestFailure.Refused;
import dev.damselfly.api.id.ByteRange;
import dev.damselfly.api.id.PieceNumber;
import dev.damselfly.peer.download.DownloadListener;
import dev.damselfly.peer.download.Hop;
import dev.damselfly.peer.download.Sources;
import dev.damselfly.peer.store.StoredTask;
import java.io.EOFException;
import java.util.BitSet;
import java.util.Optional;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/// What a download told so far, for one thread that waits for its pieces in order. Thread-safe.
///
/// Each wait ends when the download does, which has a deadline, or when the caller goes away.
final class Arrivals implements DownloadListener, AutoCloseable {
  private static final long LOOK_AGAIN_MILLIS = 60_000;

  @GuardedBy("this")
  private final BitSet held = new BitSet();

  @GuardedBy("this")
  private OptionalLong length = OptionalLong.empty();

  @GuardedBy("this")
  private Sources sources = Sources.NONE;

  @GuardedBy("this")
  private @Nullable StoredTask task;

  @GuardedBy("this")
  private StoredTask.@Nullable Pin pin;

  @GuardedBy("this")
  private @Nullable RequestFailure failure;

  @GuardedBy("this")
  private boolean finished;

  @GuardedBy("this")
  private boolean gone;

  @GuardedBy("this")
  private boolean closed;

  @GuardedBy("this")
  private boolean wasComplete;

  @GuardedBy("this")
  private int sent;

  @Override
  public void started(StoredTask stored, OptionalLong contentLength, Optional<ByteRange> range) {
    StoredTask.Pin held = stored.pin();
    synchronized (this) {
      if (!closed) {
        pin = held;
        task = stored;
        wasComplete = stored.complete();
        length = contentLength;
        notifyAll();
        return;
      }
    }
    held.close();
  }

  @Override
  public synchronized void length(long contentLength) {
    length = OptionalLong.of(contentLength);
    notifyAll();
  }

  @Override
  public synchronized void held(PieceNumber number) {
    if (number.value() < sent) { // its attestation was withdrawn after the caller got it
      fail(new Refused(Reason.ORIGIN_CHANGED, "a piece turned out to be wrong after it was sent"));
    }
    held.set(number.value());
    notifyAll();
  }

  @Override
  public synchronized void progress(Sources counted, int parents) {
    sources = counted;
  }

  @Override
  public synchronized void finished(Finished end) {
    finished = true;
    sources = end.sources();
    notifyAll();
  }

  @Override
  public synchronized void failed(RequestFailure why, Hop hop) {
    fail(why);
  }

  @GuardedBy("this")
  private void fail(RequestFailure why) {
    failure = failure == null ? why : failure;
    notifyAll();
  }

  /// The caller went away.
  synchronized void gone() {
    gone = true;
    notifyAll();
  }

  /// Waits for the task and its length.
  ///
  /// @throws RequestFailure when the download failed
  /// @throws EOFException when the caller is gone
  synchronized StoredTask awaitStart() throws EOFException, InterruptedException {
    requireGoing();
    StoredTask begun = task;
    while (begun == null || length.isEmpty()) {
      pause();
      begun = task;
    }
    return begun;
  }

  /// Waits for a piece. It counts as sent from now on, unless [#withdrawn] takes that back.
  synchronized void awaitPiece(int number) throws EOFException, InterruptedException {
    requireGoing();
    while (!held.get(number)) {
      pause();
    }
    begin(number);
  }

  /// Waits until all of these pieces are there. None of them counts as sent yet.
  synchronized void awaitPieces(int first, int last) throws EOFException, InterruptedException {
    requireGoing();
    while (held.nextClearBit(first) <= last) {
      pause();
    }
  }

  /// Waits for everything, which includes the comparison with the expected digest. The last piece counts as sent then.
  synchronized void awaitEnd(int lastPiece) throws EOFException, InterruptedException {
    requireGoing();
    while (!finished) {
      pause();
    }
    begin(lastPiece);
  }

  @GuardedBy("this")
  private void begin(int number) {
    held.clear(number);
    sent = number + 1;
  }

  /// Nothing of the piece was sent, and it is not there any more: it may come again.
  ///
  /// @throws RequestFailure when nothing comes any more
  synchronized void withdrawn(int number) {
    sent = number;
    if (finished) {
      throw new Refused(Reason.ORIGIN_CHANGED, "a piece is not there any more");
    }
  }

  @GuardedBy("this")
  @SuppressWarnings("WaitNotInLoop") // each caller loops
  private void pause() throws EOFException, InterruptedException {
    if (finished) {
      throw new Refused(Reason.ORIGIN_CHANGED, "a piece is not there any more");
    }
    wait(LOOK_AGAIN_MILLIS);
    requireGoing();
  }

  @GuardedBy("this")
  private void requireGoing() throws EOFException {
    if (gone) {
      throw new EOFException("the caller is gone");
    }
    RequestFailure why = failure;
    if (why != null) {
      throw why;
    }
  }

  synchronized long length() {
    return length.orElseThrow();
  }

  synchronized Sources sources() {
    return sources;
  }

  /// The host had everything before the caller asked.
  synchronized boolean wasComplete() {
    return wasComplete;
  }

  /// The task may be evicted again.
  @Override
  public void close() {
    StoredTask.Pin last;
    synchronized (this) {
      closed = true;
      last = pin;
      pin = null;
    }
    if (last != null) {
      last.close();
    }
  }
}
