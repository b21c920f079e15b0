package dev.damselfly.peer.upload;

import static org.assertj.core.api.Assertions.assertThat;

import dev.damselfly.api.assurance.Threat;
import dev.damselfly.authz.identity.SpiffeId;
import dev.damselfly.authz.testing.TestCa;
import dev.damselfly.authz.testing.TestSvid;
import dev.damselfly.peer.testing.GrantMint;
import dev.damselfly.peer.testing.RawFrames;
import dev.damselfly.peer.testing.RawTls;
import dev.damselfly.peer.testing.TestHost;
import dev.damselfly.peer.transfer.PieceTransport;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.EventLoopGroup;
import io.netty.handler.ssl.DelegatingSslContext;
import io.netty.handler.ssl.OpenSslSessionContext;
import io.netty.handler.ssl.ReferenceCountedOpenSslEngine;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslHandshakeCompletionEvent;
import io.netty.handler.ssl.SslProvider;
import io.netty.internal.tcnative.SSL;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.time.InstantSource;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// A child that would like to resume cannot, on the piece port as processes open it.
@NullMarked
@Threat({"F-23", "S-VTX-1"})
class PieceResumptionTest {
  private static final String CHILD = "/damselfly/peer/c1/child";
  private static final int GRANT = 0xd0;

  private final TestCa ca = TestCa.root("td.test");
  private final TestSvid child = ca.svid(CHILD);

  /// Connects twice, gets an answer each time, and tells whether the second session goes on with the first: then it
  /// is as old.
  private static boolean resumes(SSLContext context, int port, byte[] first) throws IOException {
    long before = created(context, port, first);
    return created(context, port, first) == before;
  }

  private static long created(SSLContext context, int port, byte[] first) throws IOException {
    try (var socket = RawTls.connect(context, port, PieceTransport.ALPN)) {
      socket.getOutputStream().write(first);
      assertThat(socket.getInputStream().read()).isNotNegative(); // tickets come before any answer
      return socket.getSession().getCreationTime();
    }
  }

  @Test
  void runningListener_resumesNothing(@TempDir Path directory) throws Exception {
    var mint = new GrantMint(SpiffeId.parse("spiffe://td.test/damselfly/scheduler/c1/s1"), InstantSource.system());
    try (var parent = new TestHost(ca, "/damselfly/peer/c1/parent", directory, InstantSource.system())) {
      int port = parent.listen(mint, UploadLimits.standard()).port();

      assertThat(resumes(RawTls.context(Optional.of(child)), port, RawFrames.frame(GRANT, new byte[] {1}))).isFalse();
    }
  }

  /// Positive control: the same child resumes where a listener lets it.
  @Test
  void foreignListener_doesResume() throws Exception {
    EventLoopGroup loops = PieceTransport.loops("offerer", 1);
    try {
      Channel server = offerer(loops);
      int port = ((InetSocketAddress) server.localAddress()).getPort();

      assertThat(resumes(RawTls.context(Optional.of(child)), port, new byte[] {1})).isTrue();
    } finally {
      loops.shutdownGracefully(0, 5, TimeUnit.SECONDS).awaitUninterruptibly();
    }
  }

  private Channel offerer(EventLoopGroup loops) throws Exception {
    var certificate =
        (X509Certificate)
            CertificateFactory.getInstance("X.509").generateCertificate(new ByteArrayInputStream(child.leafDer()));
    SslContext context =
        SslContextBuilder.forServer(child.key(), certificate).sslProvider(SslProvider.OPENSSL).protocols("TLSv1.3").build();
    ((OpenSslSessionContext) context.sessionContext()).setSessionCacheEnabled(true);
    var offering = new WithTickets(context);
    return new ServerBootstrap()
        .group(loops)
        .channel(PieceTransport.serverChannel())
        .childHandler(
            new ChannelInitializer<Channel>() {
              @Override
              protected void initChannel(Channel channel) {
                channel.pipeline().addLast(offering.newHandler(channel.alloc())).addLast(new Greeter());
              }
            })
        .bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))
        .sync()
        .channel();
  }

  /// Undoes what our system properties tell every engine.
  private static final class WithTickets extends DelegatingSslContext {
    WithTickets(SslContext context) {
      super(context);
    }

    @Override
    protected void initEngine(SSLEngine engine) {
      SSL.clearOptions(((ReferenceCountedOpenSslEngine) engine).sslPointer(), SSL.SSL_OP_NO_TICKET);
    }
  }

  private static final class Greeter extends ChannelInboundHandlerAdapter {
    @Override
    public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
      if (event instanceof SslHandshakeCompletionEvent) {
        ctx.writeAndFlush(Unpooled.wrappedBuffer(new byte[] {1}));
      }
    }
  }
}
