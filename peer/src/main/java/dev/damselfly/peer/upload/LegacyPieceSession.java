package dev.damselfly.peer.upload;

import dev.damselfly.api.wire.vortex.FrameHeader;
import dev.damselfly.api.wire.vortex.PieceRequest;
import dev.damselfly.api.wire.vortex.Tag;
import dev.damselfly.peer.store.PieceStore;
import dev.damselfly.peer.transfer.BadFrame;
import dev.damselfly.peer.transfer.FrameCutter;
import dev.damselfly.peer.transfer.Frames;
import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import java.nio.ByteBuffer;
import java.util.concurrent.Executor;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/// The parent's end of one plain piece connection, on its event loop.
///
/// Requests of any public task, answered in their order; anything else that arrives ends the connection without an
/// answer, as children of this protocol expect. The first request is due soon after the connection, each next one within
/// 30 s of the answer before; a frame that began has to end within the time of a frame (B-07).
final class LegacyPieceSession extends ChannelInboundHandlerAdapter implements FrameCutter.Receiver {
  static final int MOST_REQUESTS = 10_000;
  private static final long IDLE_NANOS = TimeUnit.SECONDS.toNanos(30);

  private final PieceStore store;
  private final UploadLimits limits;
  private final Shares.Share share;
  private final Channel channel;
  private final Runnable tooMany;
  private final FrameCutter cutter = new FrameCutter(this);
  private final ReplyQueue replies;

  private @Nullable Future<?> frameTimer;
  private @Nullable Future<?> idleTimer;
  private long active;
  private int requests;
  private boolean ending;

  /// @param tooMany called when the child has more requests open than it may
  LegacyPieceSession(
      PieceStore store, UploadLimits limits, Executor worker, Shares.Share share, Channel channel, Runnable tooMany) {
    this.store = store;
    this.limits = limits;
    this.share = share;
    this.channel = channel;
    this.tooMany = tooMany;
    this.replies = new ReplyQueue(limits, worker, share, channel, new News(), this::drop);
  }

  @Override
  public void handlerAdded(ChannelHandlerContext ctx) {
    replies.start();
    replies.serve(this::open);
    active = now();
    idleTimer =
        channel.eventLoop().scheduleWithFixedDelay(this::checkIdle, IDLE_NANOS / 4, IDLE_NANOS / 4, TimeUnit.NANOSECONDS);
    startFrameTimer();
  }

  /// On the worker. One answer for a piece that is not held, a task that is not here, and one that is not public.
  private Sending open(PieceRequest request) {
    return Sending.open(store.find(request.task(), false).orElseThrow(UploadRpc::unknown), request.number());
  }

  @Override
  public void channelRead(ChannelHandlerContext context, Object message) {
    try {
      cutter.feed((ByteBuf) message);
      if (cutter.insideFrame() && frameTimer == null) {
        startFrameTimer();
      }
    } catch (BadFrame e) {
      drop();
    }
  }

  private void startFrameTimer() {
    frameTimer = channel.eventLoop().schedule(this::drop, limits.frame().toNanos(), TimeUnit.NANOSECONDS);
  }

  private void stopFrameTimer() {
    if (frameTimer != null) {
      frameTimer.cancel(false);
      frameTimer = null;
    }
  }

  @Override
  public int maxLength(int tag) throws BadFrame {
    if (tag != Tag.DOWNLOAD_PIECE) {
      throw new BadFrame("a child without an identity sends piece requests");
    }
    return PieceRequest.VALUE_SIZE;
  }

  @Override
  public void frame(FrameHeader header, ByteBuffer value) throws BadFrame {
    PieceRequest request = Frames.whole(PieceRequest.decode(header, value));
    stopFrameTimer();
    active = now();
    if (++requests > MOST_REQUESTS) {
      throw new BadFrame("a connection has at most " + MOST_REQUESTS + " requests");
    }
    if (!replies.add(request)) {
      tooMany.run();
      drop();
    }
  }

  @Override
  public void content(ByteBuf bytes) {
    bytes.release(); // a child never sends content, and none is expected
  }

  private long now() {
    return channel.eventLoop().ticker().nanoTime();
  }

  private void checkIdle() {
    if (!replies.isIdle()) {
      active = now();
    } else if (now() - active > IDLE_NANOS) {
      drop();
    }
  }

  private void drop() {
    end();
    channel.close();
  }

  private void end() {
    if (ending) {
      return;
    }
    ending = true;
    cutter.stop();
    stopFrameTimer();
    if (idleTimer != null) {
      idleTimer.cancel(false);
    }
    replies.end();
  }

  @Override
  public void channelWritabilityChanged(ChannelHandlerContext context) {
    replies.pump();
  }

  @Override
  public void channelInactive(ChannelHandlerContext context) {
    end();
    share.close();
  }

  @Override
  public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
    drop(); // a broken socket; the child reconnects if it lives
  }
}
