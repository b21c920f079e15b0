package dev.damselfly.peer.proxy;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.socket.DuplexChannel;
import io.netty.util.concurrent.Future;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/// Cuts a connection into request heads and has them answered one after the other, in order. Confined to the event loop.
///
/// While a request is at work at most one more head is read ahead; so a caller that sends many costs no memory, and one that
/// goes away is noticed.
final class ProxyConnection extends ChannelInboundHandlerAdapter {
  private static final Duration LINGER = Duration.ofSeconds(1);

  private final ProxyLimits limits;
  private final Work work;
  private ByteBuf unread = Unpooled.EMPTY_BUFFER;
  private int looked;
  private boolean busy;
  private boolean closing;
  private @Nullable Future<?> alarm;

  /// Answers on another thread.
  interface Work {
    /// @param tooLong the head has no end within its bound; what there is of it is refused
    /// @param then to be called once, on any thread: whether the connection may go on
    void begin(ChannelHandlerContext connection, byte[] head, boolean tooLong, Then then);

    /// What follows an answer.
    interface Then {
      void done(boolean keepAlive);
    }
  }

  ProxyConnection(ProxyLimits limits, Work work) {
    this.limits = limits;
    this.work = work;
  }

  @Override
  public void channelActive(ChannelHandlerContext ctx) {
    within(ctx, limits.headTime());
    ctx.fireChannelActive();
  }

  @Override
  public void channelRead(ChannelHandlerContext ctx, Object message) {
    ByteBuf bytes = (ByteBuf) message;
    try {
      if (closing) {
        return;
      }
      if (unread.readableBytes() == 0) {
        unread.release();
        unread = ctx.alloc().heapBuffer(Math.max(bytes.readableBytes(), 256));
        if (!busy) {
          within(ctx, limits.headTime());
        }
      }
      unread.writeBytes(bytes);
    } finally {
      bytes.release();
    }
    next(ctx);
  }

  private void next(ChannelHandlerContext ctx) {
    boolean full = unread.readableBytes() > limits.head().head();
    if (busy || closing) {
      ctx.channel().config().setAutoRead(!full);
      return;
    }
    int end = HeadParser.end(unread, looked);
    if (end == 0 && !full) {
      looked = unread.readableBytes();
      return;
    }
    byte[] head = new byte[end == 0 ? unread.readableBytes() : end];
    unread.readBytes(head);
    unread.discardReadBytes();
    looked = 0;
    busy = true;
    cancelAlarm();
    work.begin(ctx, head, end == 0, keepAlive -> ctx.executor().execute(() -> done(ctx, keepAlive)));
  }

  private void done(ChannelHandlerContext ctx, boolean keepAlive) {
    busy = false;
    if (!keepAlive) {
      end(ctx);
      return;
    }
    within(ctx, unread.isReadable() ? limits.headTime() : limits.idle());
    next(ctx);
    if (!busy) {
      ctx.channel().config().setAutoRead(true);
    }
  }

  /// Ends our side and drops what still comes: a connection that is closed with unread bytes takes the answer with it.
  private void end(ChannelHandlerContext ctx) {
    closing = true;
    if (!ctx.channel().isActive()) {
      return;
    }
    ((DuplexChannel) ctx.channel()).shutdownOutput();
    ctx.channel().config().setAutoRead(true);
    within(ctx, LINGER);
  }

  private void within(ChannelHandlerContext ctx, Duration time) {
    cancelAlarm();
    alarm = ctx.executor().schedule(() -> ctx.close(), time.toMillis(), TimeUnit.MILLISECONDS);
  }

  private void cancelAlarm() {
    if (alarm != null) {
      alarm.cancel(false);
      alarm = null;
    }
  }

  @Override
  public void channelInactive(ChannelHandlerContext ctx) {
    closing = true;
    cancelAlarm();
    ctx.fireChannelInactive();
  }

  @Override
  public void handlerRemoved(ChannelHandlerContext ctx) {
    cancelAlarm();
    unread.release();
    unread = Unpooled.EMPTY_BUFFER;
  }

  /// A connection that broke; there is nobody to tell.
  @Override
  public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
    ctx.close();
  }
}
