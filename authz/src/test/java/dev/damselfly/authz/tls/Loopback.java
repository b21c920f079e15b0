package dev.damselfly.authz.tls;

import dev.damselfly.authz.identity.Caller;
import io.netty.bootstrap.Bootstrap;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.channel.socket.nio.NioSocketChannel;
import io.netty.handler.ssl.ReferenceCountedOpenSslEngine;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslHandler;
import io.netty.handler.ssl.SslHandshakeCompletionEvent;
import io.netty.internal.tcnative.SSL;
import io.netty.util.ReferenceCountUtil;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.jspecify.annotations.NullMarked;
import org.jspecify.annotations.Nullable;

/// Real TLS connections on loopback, and what happened on them.
@NullMarked
final class Loopback implements AutoCloseable {
  static final String ALPN = "test-protocol/1";

  private final EventLoopGroup loops = new MultiThreadIoEventLoopGroup(2, NioIoHandler.newFactory());

  /// What one end saw, in order: a [Caller], a [Throwable] of the handshake, a text, or [#CLOSED].
  static final class End extends ChannelInboundHandlerAdapter {
    static final String CLOSED = "<closed>";
    private final BlockingQueue<Object> seen = new LinkedBlockingQueue<>();
    private final boolean gated;
    private volatile boolean reused;
    private volatile @Nullable ChannelHandlerContext context;

    End(boolean gated) {
      this.gated = gated;
    }

    @Override
    public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
      if (event instanceof SslHandshakeCompletionEvent done) {
        if (!done.isSuccess()) {
          seen.add(done.cause());
        } else {
          reused = isReused(ctx);
          context = ctx;
          seen.add(gated ? PeerGate.caller(ctx.channel()) : "connected");
          ctx.writeAndFlush(Unpooled.copiedBuffer(new byte[] {'h', 'i'}));
        }
      }
    }

    private static boolean isReused(ChannelHandlerContext ctx) {
      var engine = ctx.pipeline().get(SslHandler.class).engine();
      return engine instanceof ReferenceCountedOpenSslEngine openSsl && SSL.isSessionReused(openSsl.sslPointer());
    }

    /// Whether the handshake resumed a session; known of OPENSSL engines only.
    boolean isReused() {
      return reused;
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
      seen.add("bytes:" + ((ByteBuf) message).readableBytes());
      ReferenceCountUtil.release(message);
    }

    @Override
    public void channelInactive(ChannelHandlerContext ctx) {
      seen.add(CLOSED);
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
      ctx.close();
    }

    /// After the handshake.
    void say(byte[] bytes) {
      Objects.requireNonNull(context, "connected").writeAndFlush(Unpooled.wrappedBuffer(bytes));
    }

    Object next() throws InterruptedException {
      Object event = seen.poll(10, TimeUnit.SECONDS);
      if (event == null) {
        throw new AssertionError("nothing happened");
      }
      return event;
    }

    /// Everything up to the end of the connection.
    List<Object> untilClosed() throws InterruptedException {
      var all = new ArrayList<Object>();
      Object event;
      do {
        event = next();
        all.add(event);
      } while (!event.equals(CLOSED));
      return List.copyOf(all);
    }
  }

  /// One end of a link being set up: its context and, for ours, its gate.
  record Side(SslContext context, Supplier<List<ChannelHandler>> gate) {
    static Side gated(SslContext context, Supplier<ChannelHandler> gate) {
      return new Side(context, () -> List.of(gate.get()));
    }

    /// A foreign implementation.
    static Side raw(SslContext context) {
      return new Side(context, List::of);
    }
  }

  /// A listening server; [#ends] has one entry per connection.
  record Server(Channel channel, BlockingQueue<End> ends) {
    int port() {
      return ((InetSocketAddress) channel.localAddress()).getPort();
    }

    End accepted() throws InterruptedException {
      End end = ends.poll(10, TimeUnit.SECONDS);
      if (end == null) {
        throw new AssertionError("no connection");
      }
      return end;
    }
  }

  Server listen(Side side) throws InterruptedException {
    var ends = new LinkedBlockingQueue<End>();
    Channel channel =
        new ServerBootstrap()
            .group(loops)
            .channel(NioServerSocketChannel.class)
            .childHandler(
                new ChannelInitializer<Channel>() {
                  @Override
                  protected void initChannel(Channel ch) {
                    var gate = side.gate().get();
                    var end = new End(!gate.isEmpty());
                    ch.pipeline().addLast(side.context().newHandler(ch.alloc()));
                    gate.forEach(ch.pipeline()::addLast);
                    ch.pipeline().addLast(end);
                    ends.add(end);
                  }
                })
            .bind(InetAddress.getLoopbackAddress(), 0)
            .sync()
            .channel();
    return new Server(channel, ends);
  }

  /// An outgoing connection.
  record Link(Channel channel, End end) {}

  Link connect(Server server, Side side) throws InterruptedException {
    return connect(server.port(), side);
  }

  /// To a server that is not one of ours here.
  Link connect(int port, Side side) throws InterruptedException {
    var gate = side.gate().get();
    var end = new End(!gate.isEmpty());
    Channel channel =
        new Bootstrap()
            .group(loops)
            .channel(NioSocketChannel.class)
            .handler(
                new ChannelInitializer<Channel>() {
                  @Override
                  protected void initChannel(Channel ch) {
                    ch.pipeline().addLast(side.context().newHandler(ch.alloc(), "127.0.0.1", port));
                    gate.forEach(ch.pipeline()::addLast);
                    ch.pipeline().addLast(end);
                  }
                })
            .connect(InetAddress.getLoopbackAddress(), port)
            .sync()
            .channel();
    return new Link(channel, end);
  }

  @Override
  public void close() {
    loops.shutdownGracefully(0, 5, TimeUnit.SECONDS).syncUninterruptibly();
  }
}
