package dev.damselfly.authz.tls;

import dev.damselfly.authz.identity.Caller;
import dev.damselfly.authz.identity.Expected;
import dev.damselfly.authz.identity.SpiffeId;
import dev.damselfly.authz.tls.HandshakeListener.Refusal;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.handler.ssl.SslHandler;
import io.netty.handler.ssl.SslHandshakeCompletionEvent;
import io.netty.util.AttributeKey;
import io.netty.util.ReferenceCountUtil;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.Optional;
import javax.net.ssl.SSLPeerUnverifiedException;
import javax.net.ssl.SSLSession;

/// Stands behind the `SslHandler`: nothing passes before the peer of this connection is known, nothing after it was
/// refused. Passes `SslHandshakeCompletionEvent` on when the caller is set, then leaves the pipeline.
public final class PeerGate extends ChannelInboundHandlerAdapter {
  private static final AttributeKey<Caller> CALLER = AttributeKey.valueOf(PeerGate.class, "caller");
  private static final long HANDSHAKE_MILLIS = 10_000; // B-40

  private final TlsContexts tls;
  private final String alpn;
  private final Expected expected;
  private final ConnectionRegistry registry;
  private final Runnable renew;
  private boolean reported;

  PeerGate(TlsContexts tls, String alpn, Expected expected, ConnectionRegistry registry, Runnable renew) {
    this.renew = renew;
    this.tls = tls;
    this.alpn = alpn;
    this.expected = expected;
    this.registry = registry;
  }

  /// Who is at the other end.
  ///
  /// @throws IllegalStateException before the handshake is done
  public static Caller caller(Channel channel) {
    Caller caller = channel.attr(CALLER).get();
    if (caller == null) {
      throw new IllegalStateException("the handshake is not done");
    }
    return caller;
  }

  @Override
  public void handlerAdded(ChannelHandlerContext ctx) {
    ctx.pipeline().get(SslHandler.class).setHandshakeTimeoutMillis(HANDSHAKE_MILLIS);
  }

  @Override
  public void channelRead(ChannelHandlerContext ctx, Object message) {
    ReferenceCountUtil.release(message); // only bytes of a peer that is not known, or refused, come here
    ctx.close();
  }

  @Override
  public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
    switch (event) {
      case SslHandshakeCompletionEvent done when done.isSuccess() -> admit(ctx, done);
      case SslHandshakeCompletionEvent done -> refuse(ctx, done.cause());
      default -> ctx.fireUserEventTriggered(event);
    }
  }

  @Override
  public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
    ctx.close(); // a failed handshake was reported by its event
  }

  private void admit(ChannelHandlerContext ctx, SslHandshakeCompletionEvent done) {
    var handler = ctx.pipeline().get(SslHandler.class);
    if (!alpn.equals(handler.applicationProtocol())) {
      report(ctx, List.of("ALPN"), Optional.empty());
      return;
    }
    SSLSession session = handler.engine().getSession();
    try {
      PeerCheck.Passed passed = tls.passed(session, expected);
      ctx.channel().attr(CALLER).set(passed.caller((InetSocketAddress) ctx.channel().remoteAddress()));
      registry.register(ctx.channel(), passed.verdict(), new ConnectionRegistry.Manners(renew, Channel::close));
    } catch (SSLPeerUnverifiedException e) {
      refuse(ctx, e);
      return;
    }
    ctx.fireUserEventTriggered(done);
    ctx.pipeline().remove(this);
  }

  private void refuse(ChannelHandlerContext ctx, Throwable cause) {
    Optional<PeerRefused> refused = PeerRefused.findIn(cause);
    report(ctx, refused.map(PeerRefused::reasons).orElse(List.of("TLS")), refused.flatMap(PeerRefused::id));
  }

  private void report(
      ChannelHandlerContext ctx, List<String> reasons, Optional<SpiffeId> id) {
    if (!reported) {
      reported = true;
      boolean weServe = !ctx.pipeline().get(SslHandler.class).engine().getUseClientMode();
      tls.listener().refused(new Refusal(weServe, reasons, id, String.valueOf(ctx.channel().remoteAddress())));
    }
    ctx.close();
  }
}
