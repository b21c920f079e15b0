package dev.damselfly.peer.upload;

import dev.damselfly.api.id.PieceNumber;
import dev.damselfly.api.wire.dfdaemon.v2.SyncPiecesResponse;
import dev.damselfly.peer.content.PieceRecord;
import dev.damselfly.peer.store.StoredTask;
import io.grpc.stub.ServerCallStreamObserver;
import java.util.BitSet;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/// One SyncPieces stream: each interested piece once, as soon as it is held. Thread-safe.
///
/// Events come from committing threads, the transport and a timer; whoever finds the feed idle does the work for all,
/// so that messages are serial without a lock around calls out. Waiting numbers are bounded by the interested ones.
final class PieceFeed {
  private final ServerCallStreamObserver<SyncPiecesResponse> out;
  private final PieceAddress address;
  private final Queue<PieceRecord> arrived = new ConcurrentLinkedQueue<>();
  private final AtomicInteger work = new AtomicInteger();
  private final AtomicBoolean over = new AtomicBoolean();

  // Only by the one who works.
  private final BitSet interested;
  private final boolean endsWithHeld;
  private volatile boolean listed;
  private volatile @Nullable Subscription subscription;
  private volatile boolean expired;
  private volatile Runnable whenOver = () -> {};

  /// @param interested numbers to report
  /// @param endsWithHeld the task was finished when the call began: what is held now is all there will be
  PieceFeed(ServerCallStreamObserver<SyncPiecesResponse> out, PieceAddress address, BitSet interested, boolean endsWithHeld) {
    this.out = out;
    this.address = address;
    this.interested = interested;
    this.endsWithHeld = endsWithHeld;
  }

  /// Runs once when the stream is over. Set before [#start].
  void onOver(Runnable action) {
    whenOver = action;
  }

  void start(StoredTask task) {
    out.setOnCancelHandler(this::stop);
    out.setOnReadyHandler(this::drain);
    var made = new Subscription(task, this::arrived);
    subscription = made;
    for (PieceNumber number : made.held()) {
      task.record(number).ifPresent(arrived::add);
    }
    listed = true;
    if (over.get()) {
      made.close(); // the caller was gone before we began
    }
    drain();
  }

  /// Ends the stream: no more from this parent.
  void finish() {
    expired = true;
    drain();
  }

  private void arrived(PieceRecord piece) {
    arrived.add(piece);
    drain();
  }

  private void drain() {
    if (work.getAndIncrement() != 0) {
      return;
    }
    int seen = 1;
    do {
      sendReady();
      seen = work.addAndGet(-seen);
    } while (seen != 0);
  }

  private void sendReady() {
    while (!over.get() && out.isReady()) {
      PieceRecord piece = arrived.poll();
      if (piece == null) {
        break;
      }
      if (interested.get(piece.number().value())) {
        interested.clear(piece.number().value());
        out.onNext(message(piece));
      }
    }
    boolean nothingLeft = expired || interested.isEmpty() || endsWithHeld && arrived.isEmpty();
    if (listed && nothingLeft && stop()) {
      out.onCompleted();
    }
  }

  private boolean stop() {
    boolean first = over.compareAndSet(false, true);
    Subscription made = subscription;
    if (first && made != null) {
      made.close();
    }
    if (first) {
      whenOver.run();
    }
    return first;
  }

  private SyncPiecesResponse message(PieceRecord piece) {
    return SyncPiecesResponse.newBuilder()
        .setNumber(piece.number().value())
        .setOffset(piece.range().start())
        .setLength(piece.range().length())
        .setIp(address.ip())
        .setTcpPort(address.port())
        .build();
  }
}
