package dev.damselfly.peer.control;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.damselfly.api.id.PieceNumber;
import dev.damselfly.api.wire.local.v1.LocalReply;
import java.time.Duration;
import java.util.BitSet;
import org.jspecify.annotations.Nullable;

/// What a caller is still to be told: pieces as a set, progress only in its newest form, the end last. So a slow caller
/// costs no memory. Thread-safe.
final class Outgoing {
  static final long PROGRESS_NANOS = Duration.ofMillis(100).toNanos();

  @GuardedBy("this")
  private final BitSet pieces = new BitSet();

  @GuardedBy("this")
  private @Nullable LocalReply first;

  @GuardedBy("this")
  private @Nullable LocalReply progress;

  @GuardedBy("this")
  private @Nullable LocalReply last;

  @GuardedBy("this")
  private boolean gone;

  @GuardedBy("this")
  private long nextProgress = System.nanoTime();

  /// The next thing to send.
  sealed interface Next {
    record Message(LocalReply reply) implements Next {}

    record Piece(PieceNumber number) implements Next {}

    /// Nothing follows.
    record Last(LocalReply reply) implements Next {}

    /// The caller is not there any more.
    record Gone() implements Next {}
  }

  synchronized void first(LocalReply reply) {
    first = reply;
    notifyAll();
  }

  synchronized void piece(PieceNumber number) {
    pieces.set(number.value());
    notifyAll();
  }

  synchronized void progress(LocalReply reply) {
    progress = reply;
    notifyAll();
  }

  synchronized void last(LocalReply reply) {
    if (last == null) {
      last = reply;
      notifyAll();
    }
  }

  synchronized void gone() {
    gone = true;
    notifyAll();
  }

  /// Waits for the next thing to send.
  synchronized Next take() throws InterruptedException {
    while (true) {
      Next next = next(System.nanoTime());
      if (next != null) {
        return next;
      }
      wait(progress == null ? 60_000 : 100);
    }
  }

  @GuardedBy("this")
  private @Nullable Next next(long now) {
    if (gone) {
      return new Next.Gone();
    }
    LocalReply begin = first;
    if (begin != null) {
      first = null;
      return new Next.Message(begin);
    }
    LocalReply newest = progress;
    if (newest != null && last == null && now - nextProgress >= 0) {
      progress = null;
      nextProgress = now + PROGRESS_NANOS;
      return new Next.Message(newest);
    }
    int piece = pieces.nextSetBit(0);
    if (piece >= 0 && (last == null || last.hasFinished())) { // after a failure nothing is worth sending
      pieces.clear(piece);
      return new Next.Piece(new PieceNumber(piece));
    }
    LocalReply end = last;
    return end == null ? null : new Next.Last(end);
  }
}
