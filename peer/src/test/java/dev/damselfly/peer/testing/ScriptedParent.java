package dev.damselfly.peer.testing;

import dev.damselfly.authz.identity.Expected;
import dev.damselfly.authz.tls.ConnectionRegistry;
import dev.damselfly.authz.tls.TlsContexts;
import dev.damselfly.peer.transfer.PieceTransport;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.EventLoopGroup;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/// A parent with a valid identity that says whatever a test wants, on the raw protocol.
public final class ScriptedParent implements AutoCloseable {
  private final EventLoopGroup loops = PieceTransport.loops("scripted-parent", 1);
  private final LinkedBlockingQueue<RawWire> accepted = new LinkedBlockingQueue<>();
  private final Channel server;

  public ScriptedParent(TestHost host) {
    this(host, PieceTransport.ALPN);
  }

  public ScriptedParent(TestHost host, String alpn) {
    this(host.tls, host.connections, alpn);
  }

  public ScriptedParent(TlsContexts tls, ConnectionRegistry connections, String alpn) {
    var context = tls.server(alpn, Expected.anyRole());
    server =
        new ServerBootstrap()
            .group(loops)
            .channel(PieceTransport.serverChannel())
            .childHandler(
                new ChannelInitializer<Channel>() {
                  @Override
                  protected void initChannel(Channel channel) {
                    var wire = new RawWire();
                    channel
                        .pipeline()
                        .addLast(context.newHandler(channel.alloc()))
                        .addLast(tls.gate(alpn, Expected.anyRole(), connections))
                        .addLast(wire);
                    accepted.add(wire);
                  }
                })
            .bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))
            .syncUninterruptibly()
            .channel();
  }

  public int port() {
    return ((InetSocketAddress) server.localAddress()).getPort();
  }

  /// The next connection, its child known.
  public RawWire accept() throws InterruptedException {
    RawWire wire = accepted.poll(10, TimeUnit.SECONDS);
    if (wire == null) {
      throw new AssertionError("nobody connected");
    }
    return wire.awaitReady();
  }

  /// The next connection, after its grant was read and accepted.
  public RawWire acceptGrant() throws InterruptedException {
    RawWire wire = accept();
    wire.readFrame();
    wire.write(new byte[] {0, (byte) 0xd1, 0, 0, 0, 0});
    return wire;
  }

  @Override
  public void close() {
    server.close().awaitUninterruptibly();
    loops.shutdownGracefully(0, 5, TimeUnit.SECONDS).awaitUninterruptibly();
  }
}
