package dev.damselfly.peer.upload;

import dev.damselfly.peer.transfer.PieceTransport;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.FixedRecvByteBufAllocator;
import io.netty.channel.WriteBufferWaterMark;
import io.netty.channel.group.ChannelGroup;
import io.netty.channel.group.DefaultChannelGroup;
import io.netty.util.concurrent.GlobalEventExecutor;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// The socket that a listener of piece connections listens on, and the connections that it let in. [#bind] and [#close] are
/// called once. Thread-safe.
final class PieceSocket {
  private static final WriteBufferWaterMark WATERMARK = new WriteBufferWaterMark(512 << 10, 1 << 20);

  private final String name;
  private final int backlog;
  private final int requestBuffer;
  private final ChannelGroup open = new DefaultChannelGroup(GlobalEventExecutor.INSTANCE, true);
  private volatile @Nullable Channel server;

  /// @param name of the listener, for errors
  /// @param backlog connections that wait to be accepted
  /// @param requestBuffer bytes read from a connection at once
  PieceSocket(String name, int backlog, int requestBuffer) {
    this.name = name;
    this.backlog = backlog;
    this.requestBuffer = requestBuffer;
  }

  /// @param newcomer sees each accepted connection on its event loop
  /// @throws IOException when the address cannot be bound
  void bind(InetSocketAddress address, EventLoopGroup acceptLoop, EventLoopGroup loops, Consumer<Channel> newcomer)
      throws IOException {
    var bound =
        new ServerBootstrap()
            .group(acceptLoop, loops)
            .channel(PieceTransport.serverChannel())
            .option(ChannelOption.SO_BACKLOG, backlog)
            .option(ChannelOption.SO_REUSEADDR, true)
            .childOption(ChannelOption.TCP_NODELAY, true)
            .childOption(ChannelOption.SO_KEEPALIVE, true)
            .childOption(ChannelOption.WRITE_BUFFER_WATER_MARK, WATERMARK)
            .childOption(ChannelOption.RECVBUF_ALLOCATOR, new FixedRecvByteBufAllocator(requestBuffer))
            .childHandler(
                new ChannelInitializer<Channel>() {
                  @Override
                  protected void initChannel(Channel channel) {
                    newcomer.accept(channel);
                  }
                })
            .bind(address)
            .awaitUninterruptibly();
    if (!bound.isSuccess()) {
      throw new IOException("the " + name + " cannot listen on " + address, bound.cause());
    }
    server = bound.channel();
  }

  /// A connection that ends with the listener.
  void add(Channel channel) {
    open.add(channel);
  }

  /// The bound port.
  ///
  /// @throws IllegalStateException before [#bind]
  int port() {
    Channel listening = server;
    if (listening == null) {
      throw new IllegalStateException("the " + name + " was not started");
    }
    return ((InetSocketAddress) listening.localAddress()).getPort();
  }

  /// Stops accepting and ends all connections.
  void close() {
    Channel listening = server;
    if (listening != null) {
      listening.close().awaitUninterruptibly();
    }
    open.close().awaitUninterruptibly();
  }
}
