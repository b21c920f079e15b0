package dev.damselfly.peer.download;

import dev.damselfly.api.error.InvalidValue;
import dev.damselfly.api.error.Reason;
import dev.damselfly.api.error.RequestFailure;
import dev.damselfly.api.error.RequestFailure.OriginRefused;
import dev.damselfly.api.error.RequestFailure.Refused;
import dev.damselfly.api.id.ByteRange;
import dev.damselfly.api.id.PieceLayout;
import dev.damselfly.api.id.PieceNumber;
import dev.damselfly.peer.content.ContentFacts;
import dev.damselfly.peer.content.PieceSource;
import dev.damselfly.peer.origin.OriginBody;
import dev.damselfly.peer.origin.OriginRequest;
import dev.damselfly.peer.store.Claim;
import dev.damselfly.peer.store.IncomingPiece;
import dev.damselfly.peer.store.StoredTask;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.util.Optional;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// Reads one run from the origin into the store. One virtual thread per run; everything it finds is told to the
/// session, which alone commits.
final class OriginFetcher {
  private static final int BUFFER = 256 << 10;

  private final OriginReader origins;
  private final StoredTask task;
  private final Consumer<SessionEvent> session;
  private final String label;

  /// @param label names the origin for people
  OriginFetcher(OriginReader origins, StoredTask task, Consumer<SessionEvent> session, String label) {
    this.origins = origins;
    this.task = task;
    this.session = session;
    this.label = label;
  }

  /// Starts reading.
  void start(OriginRun run, OriginRequest request, ContentFacts pin) {
    Thread reader = Thread.ofVirtual().name("origin-" + task.id().value().substring(0, 8)).unstarted(() -> read(run, request, pin));
    run.readBy(reader);
    reader.start();
  }

  private void read(OriginRun run, OriginRequest request, ContentFacts pin) {
    SessionEvent end = failed(run, "daemon: reading from the origin ended by a bug; see its log");
    try {
      if (run.whole) {
        readWhole(run, request, pin);
      } else {
        readRange(run, request, pin);
      }
      end = new SessionEvent.RunEnded(run);
    } catch (RequestFailure failure) {
      end = new SessionEvent.RunFailed(run, failure);
    } catch (UncheckedIOException e) {
      end = new SessionEvent.RunFailed(run, PieceFlow.diskFailed());
    } catch (InvalidValue | IllegalStateException e) {
      end = failed(run, "daemon: a piece from the origin could not be stored");
    } finally { // whatever happened: the session waits for the end of each read
      session.accept(run.cancelled() ? new SessionEvent.RunEnded(run) : end);
    }
  }

  private static SessionEvent failed(OriginRun run, String text) {
    return new SessionEvent.RunFailed(run, new Refused(Reason.INTERNAL, text));
  }

  private void readRange(OriginRun run, OriginRequest request, ContentFacts pin) {
    PieceLayout layout = pin.layout().orElseThrow(() -> new IllegalStateException("a range needs a length"));
    long start = layout.range(new PieceNumber(run.first)).start();
    long end = layout.range(new PieceNumber(run.last)).end();
    var buffer = ByteBuffer.allocateDirect(BUFFER);
    try (OriginBody body = origins.get(request, Optional.of(new ByteRange(start, end - start)), pin)) {
      for (int number = run.first; number <= run.last && !run.cancelled(); number++) {
        long length = layout.range(new PieceNumber(number)).length();
        if (readPiece(run, number, length, body, buffer) < length && !run.cancelled()) {
          throw new OriginRefused(Reason.ORIGIN_FAILED, 0, "origin: the answer ended early");
        }
      }
    }
  }

  /// An origin without ranges or without length: the pieces in order, until the end tells the length.
  private void readWhole(OriginRun run, OriginRequest request, ContentFacts pin) {
    var buffer = ByteBuffer.allocateDirect(BUFFER);
    long total = 0;
    try (OriginBody body = origins.get(request, Optional.empty(), pin)) {
      for (int number = 0; !run.cancelled(); number++) {
        long most = pin.layout().isPresent() ? lengthOf(pin.layout().get(), number) : pin.pieceLength();
        if (most == 0) {
          break;
        }
        long got = readPiece(run, number, most, body, buffer);
        total += got;
        if (got < most) {
          break;
        }
      }
    }
    if (!run.cancelled()) {
      session.accept(new SessionEvent.LengthKnown(run, total));
    }
  }

  private static long lengthOf(PieceLayout layout, int number) {
    return number < layout.count() ? layout.range(new PieceNumber(number)).length() : 0;
  }

  /// @return bytes read: `length`, or fewer at the end of the body or when the run was cancelled
  private long readPiece(OriginRun run, int number, long length, OriginBody body, ByteBuffer buffer) {
    return switch (task.claim(new PieceNumber(number))) {
      case Claim.Mine mine -> fill(run, mine.piece(), length, body, buffer);
      case Claim.Held _, Claim.Busy _ -> pour(run, null, length, body, buffer);
    };
  }

  private long fill(OriginRun run, IncomingPiece sink, long length, OriginBody body, ByteBuffer buffer) {
    boolean handedOver = false;
    try {
      long got = pour(run, sink, length, body, buffer);
      boolean lastOfUnknown = run.whole && got > 0 && sink.maxLength() > got && !run.cancelled();
      if (got == sink.maxLength() || lastOfUnknown) {
        var piece = sink.fromOrigin(new PieceSource.Origin(run.leaseId), label);
        session.accept(new SessionEvent.Fetched(run, sink, piece));
        handedOver = true;
      }
      return got;
    } finally {
      if (!handedOver) {
        sink.close();
      }
    }
  }

  private static long pour(
      OriginRun run, @Nullable IncomingPiece sink, long length, OriginBody body, ByteBuffer buffer) {
    long got = 0;
    while (got < length && !run.cancelled()) {
      buffer.clear().limit((int) Math.min(buffer.capacity(), length - got));
      int read = body.read(buffer);
      if (read < 0) {
        break;
      }
      got += read;
      if (sink != null) {
        sink.write(buffer.flip());
      }
    }
    return got;
  }
}
