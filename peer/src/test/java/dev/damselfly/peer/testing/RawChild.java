package dev.damselfly.peer.testing;

import dev.damselfly.authz.identity.Expected;
import dev.damselfly.peer.transfer.PieceTransport;
import io.netty.bootstrap.Bootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.EventLoopGroup;
import java.util.concurrent.TimeUnit;

/// A child with a valid identity that sends whatever a test wants, on the raw protocol.
public final class RawChild implements AutoCloseable {
  private final EventLoopGroup loops = PieceTransport.loops("raw-child", 1);
  private final TestHost host;

  public RawChild(TestHost host) {
    this.host = host;
  }

  public RawWire connect(int port) throws InterruptedException {
    return connect(port, PieceTransport.ALPN);
  }

  public RawWire connect(int port, String alpn) throws InterruptedException {
    var wire = new RawWire();
    var context = host.tls.client(alpn, Expected.anyRole());
    new Bootstrap()
        .group(loops)
        .channel(PieceTransport.clientChannel())
        .handler(
            new ChannelInitializer<Channel>() {
              @Override
              protected void initChannel(Channel channel) {
                channel
                    .pipeline()
                    .addLast(context.newHandler(channel.alloc()))
                    .addLast(host.tls.gate(alpn, Expected.anyRole(), host.connections))
                    .addLast(wire);
              }
            })
        .connect("127.0.0.1", port)
        .sync();
    return wire;
  }

  @Override
  public void close() {
    loops.shutdownGracefully(0, 5, TimeUnit.SECONDS).awaitUninterruptibly();
  }
}
