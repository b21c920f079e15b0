package dev.damselfly.peer.transfer;

import io.netty.channel.EventLoopGroup;
import io.netty.channel.IoHandlerFactory;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.ServerChannel;
import io.netty.channel.epoll.Epoll;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.epoll.EpollServerSocketChannel;
import io.netty.channel.epoll.EpollSocketChannel;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.SocketChannel;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.channel.socket.nio.NioSocketChannel;
import io.netty.util.concurrent.DefaultThreadFactory;

/// What both ends of a piece connection share: epoll where there is one, NIO otherwise.
public final class PieceTransport {
  /// ALPN token of the piece protocol.
  public static final String ALPN = "damselfly-piece/1";

  /// Bytes read from a socket at once.
  public static final int RECEIVE = 256 << 10;

  private static final boolean EPOLL = Epoll.isAvailable();

  private PieceTransport() {}

  /// Event loops for a few connections that carry much. The caller shuts them down.
  public static EventLoopGroup loops(String name) {
    return loops(name, Math.clamp(Runtime.getRuntime().availableProcessors() / 2, 1, 8));
  }

  public static EventLoopGroup loops(String name, int count) {
    IoHandlerFactory io = EPOLL ? EpollIoHandler.newFactory() : NioIoHandler.newFactory();
    return new MultiThreadIoEventLoopGroup(count, new DefaultThreadFactory(name, true), io);
  }

  public static Class<? extends SocketChannel> clientChannel() {
    return EPOLL ? EpollSocketChannel.class : NioSocketChannel.class;
  }

  public static Class<? extends ServerChannel> serverChannel() {
    return EPOLL ? EpollServerSocketChannel.class : NioServerSocketChannel.class;
  }
}
