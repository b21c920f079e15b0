package dev.damselfly.peer.upload;

import dev.damselfly.api.error.RequestFailure;
import dev.damselfly.api.id.PieceNumber;
import dev.damselfly.api.wire.vortex.ErrorReply;
import dev.damselfly.api.wire.vortex.PieceRequest;
import dev.damselfly.peer.transfer.Frames;
import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.util.concurrent.Future;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.Queue;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// What goes out on one connection, in order: answers to requests, and between them control frames and news.
///
/// On the event loop. At most one read is with the worker, ahead of the chunk that is written; none starts while the socket
/// does not take bytes or the identity has its share in flight: a slow child costs its own chunks and nothing else.
final class ReplyQueue {
  private static final Logger LOG = LoggerFactory.getLogger(ReplyQueue.class);

  private final UploadLimits limits;
  private final Executor worker;
  private final Shares.Share share;
  private final Channel channel;
  private final News news;
  private final Runnable broken;
  private final Queue<PieceRequest> requests = new ArrayDeque<>();
  private final Queue<ByteBuf> controls = new ArrayDeque<>();

  private @Nullable Future<?> stallTimer;
  private @Nullable Opening opening;
  private @Nullable Sending sending;
  private boolean reading;
  private boolean waiting;
  private boolean ended;
  private int unsent;
  private long progress;

  /// Finds the piece of a request. On the worker, for it may block.
  @FunctionalInterface
  interface Opening {
    /// @throws RequestFailure when the piece is not held, or not for this child
    Sending open(PieceRequest request);
  }

  /// @param worker runs what may block
  /// @param broken called when the connection cannot go on
  ReplyQueue(
      UploadLimits limits, Executor worker, Shares.Share share, Channel channel, News news, Runnable broken) {
    this.limits = limits;
    this.worker = worker;
    this.share = share;
    this.channel = channel;
    this.news = news;
    this.broken = broken;
  }

  void start() {
    long period = limits.stall().toNanos() / 4;
    stallTimer = channel.eventLoop().scheduleWithFixedDelay(this::checkStall, period, period, TimeUnit.NANOSECONDS);
  }

  private long now() {
    return channel.eventLoop().ticker().nanoTime();
  }

  /// Answers come from here from now on.
  void serve(Opening pieces) {
    opening = pieces;
    pump();
  }

  /// @return false when too many requests are without an answer
  boolean add(PieceRequest request) {
    if (requests.size() >= limits.outstanding()) {
      return false;
    }
    requests.add(request);
    pump();
    return true;
  }

  /// A frame that goes out before the next answer.
  void control(ByteBuf frame) {
    controls.add(frame);
    pump();
  }

  /// Every request has its whole answer, and the socket took it.
  boolean isIdle() {
    return requests.isEmpty() && unsent == 0;
  }

  /// No answer is half sent.
  boolean betweenFrames() {
    return sending == null;
  }

  /// Sends what can be sent now.
  void pump() {
    if (ended || !channel.isWritable()) {
      return;
    }
    if (sending == null) {
      sendBetween();
    }
    if (reading || waiting || opening == null || requests.isEmpty() || !channel.isWritable()) {
      return;
    }
    if (!share.take(Sending.CHUNK, this::wake)) {
      waiting = true;
      return;
    }
    startRead(opening, requests.element(), sending);
  }

  private void sendBetween() {
    boolean any = false;
    for (ByteBuf frame = controls.poll(); frame != null; frame = controls.poll()) {
      channel.write(frame);
      any = true;
    }
    while (opening != null && !news.isEmpty() && channel.isWritable()) {
      send(Frames.have(channel.alloc(), news.next()), 0);
      any = true;
    }
    if (any) {
      channel.flush();
    }
  }

  /// Called by whoever gives bytes back.
  private void wake() {
    try {
      channel.eventLoop()
          .execute(
              () -> {
                waiting = false;
                pump();
              });
    } catch (RejectedExecutionException e) {
      LOG.debug("listener is closing"); // nobody waits any more
    }
  }

  private void startRead(Opening from, PieceRequest request, @Nullable Sending begun) {
    reading = true;
    try {
      worker.execute(() -> read(from, request, begun));
    } catch (RejectedExecutionException e) {
      reading = false;
      share.give(Sending.CHUNK);
      broken.run(); // the listener is closing
    }
  }

  /// On the worker.
  private void read(Opening from, PieceRequest request, @Nullable Sending begun) {
    Sending piece = begun;
    ByteBuf chunk = null;
    Runnable next;
    try {
      piece = piece == null ? from.open(request) : piece;
      boolean first = piece.atStart();
      chunk = channel.alloc().directBuffer(Sending.CHUNK, Sending.CHUNK);
      piece.read(chunk);
      Sending read = piece;
      ByteBuf bytes = chunk;
      next = () -> sendChunk(read, first, bytes);
    } catch (RequestFailure e) {
      next = () -> notHeld(request.number());
    } catch (IOException | RuntimeException e) {
      LOG.error("piece {} cannot be read", request.number(), e);
      if (chunk != null) {
        chunk.release();
      }
      if (piece != null) {
        piece.close();
      }
      next = this::unreadable;
    }
    backToLoop(next, piece, chunk);
  }

  private void backToLoop(Runnable next, @Nullable Sending piece, @Nullable ByteBuf chunk) {
    try {
      channel.eventLoop().execute(next);
    } catch (RejectedExecutionException e) { // the listener is closing
      share.give(Sending.CHUNK);
      if (chunk != null && chunk.refCnt() > 0) {
        chunk.release();
      }
      if (piece != null) {
        piece.close();
      }
    }
  }

  private void sendChunk(Sending piece, boolean first, ByteBuf chunk) {
    reading = false;
    if (ended) {
      chunk.release();
      share.give(Sending.CHUNK);
      closeOnWorker(piece);
      return;
    }
    if (first) {
      channel.write(Frames.contentHead(channel.alloc(), piece.record()));
    }
    sending = piece;
    if (piece.atEnd()) {
      sending = null;
      requests.remove();
    }
    send(chunk, Sending.CHUNK);
    pump(); // the next chunk is read while this one is encrypted
    channel.flush();
  }

  private void send(ByteBuf frame, int taken) {
    if (unsent++ == 0) {
      progress = now();
    }
    channel.write(frame)
        .addListener(
            done -> {
              unsent--;
              progress = now();
              if (taken > 0) {
                share.give(taken);
              }
            });
  }

  private void notHeld(PieceNumber number) {
    reading = false;
    share.give(Sending.CHUNK);
    if (!ended) {
      requests.remove();
      news.forget(number);
      channel.writeAndFlush(Frames.error(channel.alloc(), ErrorReply.Kind.NOT_FOUND, "piece not found"));
      pump();
    }
  }

  private void unreadable() {
    reading = false;
    share.give(Sending.CHUNK);
    if (ended) {
      return;
    }
    if (sending != null) {
      broken.run();
      return;
    }
    requests.remove();
    channel.writeAndFlush(Frames.error(channel.alloc(), ErrorReply.Kind.INTERNAL, "piece cannot be read"));
    pump();
  }

  private void checkStall() {
    if (unsent > 0 && now() - progress > limits.stall().toNanos()) {
      broken.run();
    }
  }

  void end() {
    if (ended) {
      return;
    }
    ended = true;
    if (stallTimer != null) {
      stallTimer.cancel(false);
    }
    controls.forEach(ByteBuf::release);
    controls.clear();
    requests.clear();
    if (sending != null && !reading) {
      closeOnWorker(sending);
    }
    sending = null;
  }

  private void closeOnWorker(Sending piece) {
    try {
      worker.execute(piece::close);
    } catch (RejectedExecutionException e) {
      piece.close(); // the worker is gone, and so is the event loop's other work
    }
  }
}
