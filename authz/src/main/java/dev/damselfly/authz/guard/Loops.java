package dev.damselfly.authz.guard;

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

/// The event loops that carry bytes of gRPC: epoll where there is one, NIO otherwise. They run codecs, none of our code.
final class Loops {
  private static final boolean EPOLL = Epoll.isAvailable();

  private Loops() {}

  static EventLoopGroup group(int threads) {
    IoHandlerFactory handlers = EPOLL ? EpollIoHandler.newFactory() : NioIoHandler.newFactory();
    return new MultiThreadIoEventLoopGroup(threads, Thread.ofPlatform().daemon().name("grpc-loop-", 0).factory(), handlers);
  }

  /// For channels of the JDK, which alone tell who is at the other end of a Unix socket.
  static EventLoopGroup ofTheJdk(int threads) {
    return new MultiThreadIoEventLoopGroup(
        threads, Thread.ofPlatform().daemon().name("unix-loop-", 0).factory(), NioIoHandler.newFactory());
  }

  static Class<? extends ServerChannel> serverChannel() {
    return EPOLL ? EpollServerSocketChannel.class : NioServerSocketChannel.class;
  }

  static Class<? extends SocketChannel> channel() {
    return EPOLL ? EpollSocketChannel.class : NioSocketChannel.class;
  }
}
