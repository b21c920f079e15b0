package dev.damselfly.peer.tools;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.damselfly.api.error.RequestFailure;
import dev.damselfly.api.id.PieceNumber;
import dev.damselfly.peer.download.DownloadListener.Finished;
import java.time.Duration;
import java.util.BitSet;
import java.util.OptionalLong;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/// What a session told and a caller has not heard yet: the length first, then pieces as a set, the end last. So a slow
/// caller costs no memory. Thread-safe.
final class Told {
  @GuardedBy("this")
  private final BitSet pieces = new BitSet();

  @GuardedBy("this")
  private OptionalLong length = OptionalLong.empty();

  @GuardedBy("this")
  private boolean started;

  @GuardedBy("this")
  private boolean begun;

  @GuardedBy("this")
  private @Nullable Next end;

  @GuardedBy("this")
  private boolean gone;

  /// The next thing to do.
  sealed interface Next {
    /// The length is known: the caller hears which pieces to expect.
    record Begin(long length) implements Next {}

    record Piece(PieceNumber number) implements Next {}

    record End(Finished finished) implements Next {}

    record Failed(RequestFailure failure) implements Next {}
  }

  /// The caller left, or takes nothing any more.
  static final class Gone extends Exception {
    private static final long serialVersionUID = 1L;

    Gone() {
      super("the caller is gone", null, false, false);
    }
  }

  /// The task is known; its length may be known before or come later.
  synchronized void started() {
    started = true;
    notifyAll();
  }

  synchronized void length(long value) {
    length = OptionalLong.of(value);
    notifyAll();
  }

  synchronized void piece(PieceNumber number) {
    pieces.set(number.value());
    notifyAll();
  }

  synchronized void finished(Finished finished) {
    end(new Next.End(finished));
  }

  synchronized void failed(RequestFailure failure) {
    end(new Next.Failed(failure));
  }

  @GuardedBy("this")
  private void end(Next last) {
    if (end == null) {
      end = last;
      notifyAll();
    }
  }

  synchronized void gone() {
    gone = true;
    notifyAll();
  }

  /// The caller may take more now.
  synchronized void ready() {
    notifyAll();
  }

  /// Waits for the next thing to do.
  synchronized Next take() throws InterruptedException, Gone {
    while (true) {
      if (gone) {
        throw new Gone();
      }
      Next next = next();
      if (next != null) {
        return next;
      }
      wait();
    }
  }

  @GuardedBy("this")
  private @Nullable Next next() {
    if (end instanceof Next.Failed) {
      return end; // nothing else is worth sending
    }
    if (!begun) {
      begun = started && length.isPresent();
      return begun ? new Next.Begin(length.getAsLong()) : null;
    }
    int piece = pieces.nextSetBit(0);
    if (piece >= 0) {
      pieces.clear(piece);
      return new Next.Piece(new PieceNumber(piece));
    }
    return end;
  }

  /// The caller was told the length.
  synchronized boolean hasBegun() {
    return begun;
  }

  /// Waits until the caller takes more.
  ///
  /// @throws Gone when it takes nothing for that long, too
  synchronized void await(BooleanSupplier takesMore, Duration patience) throws InterruptedException, Gone {
    long deadline = System.nanoTime() + patience.toNanos();
    while (!gone && !takesMore.getAsBoolean()) {
      long left = (deadline - System.nanoTime()) / 1_000_000;
      if (left <= 0) {
        throw new Gone();
      }
      wait(left);
    }
    if (gone) {
      throw new Gone();
    }
  }
}
