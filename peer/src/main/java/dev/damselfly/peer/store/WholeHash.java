package dev.damselfly.peer.store;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.damselfly.api.error.Reason;
import dev.damselfly.api.error.RequestFailure.Refused;
import dev.damselfly.api.id.ByteRange;
import dev.damselfly.api.id.Digest;
import dev.damselfly.api.id.PieceNumber;
import dev.damselfly.peer.content.PieceRecord;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.util.Optional;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/// Digest of the whole content, calculated once, in order, as the contiguous prefix grows (D13). Thread-safe.
///
/// Whoever holds the lock hashes: a background thread ahead of need, or the caller who needs the result.
final class WholeHash {
  private static final int CHUNK = 1 << 20;
  private static final int ATTEMPTS = 3;

  private final TaskContent content;
  private final Executor executor;
  private final AtomicBoolean scheduled = new AtomicBoolean();
  private final ReentrantLock lock = new ReentrantLock();
  private volatile @Nullable Digest wanted;

  @GuardedBy("lock")
  private @Nullable Run run;

  /// A calculation so far.
  private static final class Run {
    final Digest.Algorithm algorithm;
    final MessageDigest digest;
    final long epoch;
    int next;

    Run(Digest expected, long epoch) {
      this.algorithm = expected.algorithm();
      this.digest = expected.newDigest();
      this.epoch = epoch;
    }
  }

  WholeHash(TaskContent content, Executor executor) {
    this.content = content;
    this.executor = executor;
  }

  void ahead(Digest expected) {
    wanted = expected;
    nudge();
  }

  /// Content grew.
  void nudge() {
    if (wanted != null && scheduled.compareAndSet(false, true)) {
      executor.execute(this::hashAhead);
    }
  }

  private void hashAhead() {
    scheduled.set(false); // before the work: what grows from now on brings a new round
    var expected = wanted;
    if (expected == null) {
      return;
    }
    lock.lock();
    try {
      var current = runFor(expected);
      advance(current);
      if (content.complete()) {
        remember(current);
      }
    } catch (IOException | UncheckedIOException | Refused e) {
      run = null; // evicted, dropped or unreadable: whoever needs the digest starts again and sees the failure
    } finally {
      lock.unlock();
    }
  }

  boolean matches(Digest expected) {
    if (!content.complete()) {
      throw new IllegalStateException("the content is not complete");
    }
    var pin = content.pin();
    lock.lock();
    try {
      for (int i = 0; i < ATTEMPTS; i++) {
        var known = content.digest(expected.algorithm().wireName());
        if (known.isPresent()) {
          return known.get().equals(expected.toString());
        }
        var current = runFor(expected);
        advance(current);
        remember(current);
      }
      throw new Refused(Reason.WRONG_STATE, "pieces were dropped while the content was checked");
    } catch (IOException e) {
      run = null;
      throw new UncheckedIOException(e);
    } finally {
      lock.unlock();
      pin.close();
    }
  }

  @GuardedBy("lock")
  private Run runFor(Digest expected) {
    var current = run;
    if (current == null || current.algorithm != expected.algorithm() || current.epoch != content.epoch()) {
      current = new Run(expected, content.epoch());
      run = current;
    }
    return current;
  }

  @GuardedBy("lock")
  private void remember(Run done) {
    run = null;
    var result = Digest.of(done.algorithm, done.digest.digest());
    if (content.digest(done.algorithm.wireName(), result.toString(), done.epoch)) {
      wanted = null;
    }
  }

  private void advance(Run current) throws IOException {
    var buffer = ByteBuffer.allocate(CHUNK);
    Optional<PieceRecord> piece = content.next(current.next, current.epoch);
    while (piece.isPresent()) {
      hash(piece.get().number(), current, buffer);
      current.next++;
      piece = content.next(current.next, current.epoch);
    }
  }

  private void hash(PieceNumber number, Run current, ByteBuffer buffer) throws IOException {
    try (var reader = content.read(number)) {
      ByteRange range = reader.record().range();
      for (long at = range.start(); at < range.end(); at += buffer.limit()) {
        buffer.clear().limit((int) Math.min(CHUNK, range.end() - at));
        reader.readFully(buffer, at);
        current.digest.update(buffer.flip());
      }
    }
  }
}
