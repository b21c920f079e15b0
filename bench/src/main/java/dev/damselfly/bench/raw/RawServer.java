package dev.damselfly.bench.raw;

import io.netty.bootstrap.ServerBootstrap;
import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.epoll.EpollServerSocketChannel;
import io.netty.handler.ssl.SslContext;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Queue;

/// Serves ranges of one file: 12 bytes ask (offset, length), the bytes answer, in order.
final class RawServer {
  static final int REQUEST = 12;
  private static final int CHUNK = 512 << 10;

  private RawServer() {}

  /// Serves until the process ends.
  static void run(SslContext tls, int port, Path file) throws IOException, InterruptedException {
    EventLoopGroup loop = new MultiThreadIoEventLoopGroup(1, EpollIoHandler.newFactory());
    try (FileChannel content = FileChannel.open(file)) {
      Channel listening =
          new ServerBootstrap()
              .group(loop)
              .channel(EpollServerSocketChannel.class)
              .childHandler(
                  new ChannelInitializer<Channel>() {
                    @Override
                    protected void initChannel(Channel channel) {
                      channel.pipeline().addLast(tls.newHandler(channel.alloc())).addLast(new Answers(content));
                    }
                  })
              .bind(new InetSocketAddress("127.0.0.1", port))
              .sync()
              .channel();
      System.out.println("ready on port " + ((InetSocketAddress) listening.localAddress()).getPort());
      listening.closeFuture().sync();
    }
  }

  private static final class Answers extends ChannelInboundHandlerAdapter {
    private final FileChannel content;
    private final Queue<long[]> asked = new ArrayDeque<>();
    private ByteBuf partial = io.netty.buffer.Unpooled.EMPTY_BUFFER;

    Answers(FileChannel content) {
      this.content = content;
    }

    @Override
    public void channelRead(ChannelHandlerContext context, Object message) throws IOException {
      partial = io.netty.buffer.Unpooled.wrappedBuffer(partial, (ByteBuf) message);
      while (partial.readableBytes() >= REQUEST) {
        asked.add(new long[] {partial.readLong(), partial.readInt()});
      }
      send(context);
    }

    @Override
    public void channelWritabilityChanged(ChannelHandlerContext context) throws IOException {
      send(context);
    }

    private void send(ChannelHandlerContext context) throws IOException {
      while (!asked.isEmpty() && context.channel().isWritable()) {
        long[] ask = asked.element();
        int length = (int) Math.min(CHUNK, ask[1]);
        ByteBuf chunk = context.alloc().directBuffer(length, length);
        chunk.writeBytes(content, ask[0], length);
        ask[0] += length;
        ask[1] -= length;
        if (ask[1] == 0) {
          asked.remove();
        }
        context.writeAndFlush(chunk);
      }
    }
  }
}
