package dev.damselfly.bench.raw;

import io.netty.bootstrap.Bootstrap;
import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.FixedRecvByteBufAllocator;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.epoll.EpollSocketChannel;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslHandshakeCompletionEvent;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/// Fetches everything once, a few pieces in flight, and hands the bytes to a sink.
final class RawClient {
  private static final int PIECE = 4 << 20;
  private static final int IN_FLIGHT = 4;
  private static final long QUEUED = 8L << 20;

  private RawClient() {}

  /// @return seconds from the finished handshake to the last byte in the sink
  static double run(SslContext tls, int port, long size, Sink sink) throws InterruptedException {
    EventLoopGroup loop = new MultiThreadIoEventLoopGroup(1, EpollIoHandler.newFactory());
    var fetch = new Fetch(size, sink);
    try {
      new Bootstrap()
          .group(loop)
          .channel(EpollSocketChannel.class)
          .option(ChannelOption.RECVBUF_ALLOCATOR, new FixedRecvByteBufAllocator(256 << 10))
          .handler(
              new ChannelInitializer<Channel>() {
                @Override
                protected void initChannel(Channel channel) {
                  channel.pipeline().addLast(tls.newHandler(channel.alloc(), "127.0.0.1", port)).addLast(fetch);
                }
              })
          .connect("127.0.0.1", port)
          .sync();
      if (!fetch.done.await(30, TimeUnit.MINUTES)) {
        throw new IllegalStateException("the server stopped answering");
      }
      return (fetch.end - fetch.start) / 1e9;
    } finally {
      loop.shutdownGracefully(0, 5, TimeUnit.SECONDS).sync();
    }
  }

  private static final class Fetch extends ChannelInboundHandlerAdapter {
    private final long size;
    private final Sink sink;
    private final CountDownLatch done = new CountDownLatch(1);
    private long asked;
    private long received;
    private volatile long start;
    private volatile long end;

    Fetch(long size, Sink sink) {
      this.size = size;
      this.sink = sink;
    }

    @Override
    public void userEventTriggered(ChannelHandlerContext context, Object event) {
      if (event instanceof SslHandshakeCompletionEvent) {
        start = System.nanoTime();
        for (int i = 0; i < IN_FLIGHT; i++) {
          ask(context);
        }
      }
    }

    private void ask(ChannelHandlerContext context) {
      int length = (int) Math.min(PIECE, size - asked);
      if (length > 0) {
        context.writeAndFlush(context.alloc().directBuffer(RawServer.REQUEST).writeLong(asked).writeInt(length));
        asked += length;
      }
    }

    @Override
    public void channelRead(ChannelHandlerContext context, Object message) {
      var bytes = (ByteBuf) message;
      long before = received;
      received += bytes.readableBytes();
      long queued = sink.take(bytes, before, () -> context.channel().eventLoop().execute(() -> resume(context)));
      if (queued > QUEUED) {
        context.channel().config().setAutoRead(false);
      }
      if (received / PIECE > before / PIECE) {
        ask(context);
      }
      if (received == size) {
        sink.finish(
            () -> {
              end = System.nanoTime();
              done.countDown();
            });
      }
    }

    private void resume(ChannelHandlerContext context) {
      if (!context.channel().config().isAutoRead() && sink.queued() < QUEUED / 2) {
        context.channel().config().setAutoRead(true);
      }
    }
  }
}
