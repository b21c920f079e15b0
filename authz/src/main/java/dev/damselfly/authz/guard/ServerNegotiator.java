package dev.damselfly.authz.guard;

import dev.damselfly.authz.tls.ConnectionRegistry;
import dev.damselfly.authz.tls.TlsContexts;
import io.grpc.netty.GrpcHttp2ConnectionHandler;
import io.grpc.netty.InternalProtocolNegotiator.ProtocolNegotiator;
import io.grpc.netty.InternalProtocolNegotiators;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.handler.ssl.SslHandler;
import io.netty.handler.ssl.SslHandshakeCompletionEvent;
import io.netty.util.AsciiString;
import java.util.concurrent.atomic.AtomicBoolean;
import javax.net.ssl.SSLPeerUnverifiedException;

/// TLS for gRPC servers, and what the v2 API needs below gRPC ([StreamManners]). The handshake of each connection is
/// watched, so that a refusal is recorded with its address and the connection ends with its identity.
final class ServerNegotiator implements ProtocolNegotiator {
  private static final long HANDSHAKE_MILLIS = 10_000; // B-40

  private final TlsContexts tls;
  private final ConnectionRegistry registry;
  private final ProtocolNegotiator serverTls;

  ServerNegotiator(TlsContexts tls, ConnectionRegistry registry) {
    this.tls = tls;
    this.registry = registry;
    this.serverTls = InternalProtocolNegotiators.serverTls(tls.grpcServer());
  }

  @Override
  public AsciiString scheme() {
    return serverTls.scheme();
  }

  @Override
  public ChannelHandler newHandler(GrpcHttp2ConnectionHandler http2) {
    StreamManners.ignoreDeadlines(http2);
    return new Install(serverTls.newHandler(http2), http2);
  }

  @Override
  public void close() {
    serverTls.close();
  }

  /// Puts the TLS handlers behind itself; gives way to the watcher once they have put their `SslHandler` in.
  private final class Install extends ChannelInboundHandlerAdapter {
    private final ChannelHandler next;
    private final GrpcHttp2ConnectionHandler http2;

    Install(ChannelHandler next, GrpcHttp2ConnectionHandler http2) {
      this.next = next;
      this.http2 = http2;
    }

    @Override
    public void handlerAdded(ChannelHandlerContext ctx) {
      StreamManners.resetAnswered(http2, ctx.pipeline()::context);
      ctx.pipeline().addAfter(ctx.name(), null, next);
    }

    @Override
    public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
      ctx.fireUserEventTriggered(event); // tells the TLS handlers to begin
      ChannelHandlerContext ssl = ctx.pipeline().context(SslHandler.class);
      if (ssl != null) {
        ((SslHandler) ssl.handler()).setHandshakeTimeoutMillis(HANDSHAKE_MILLIS);
        ctx.pipeline().addAfter(ssl.name(), null, new HandshakeWatch());
        ctx.pipeline().remove(this);
      }
    }
  }

  /// Sees how the handshake ended.
  private final class HandshakeWatch extends ChannelInboundHandlerAdapter {
    private final AtomicBoolean over = new AtomicBoolean();

    @Override
    public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
      if (event instanceof SslHandshakeCompletionEvent done && over.compareAndSet(false, true)) {
        if (!done.isSuccess()) {
          tls.reportFailedHandshake(true, done.cause(), String.valueOf(ctx.channel().remoteAddress()));
        } else if (!register(ctx)) {
          ctx.close();
          return;
        }
      }
      ctx.fireUserEventTriggered(event);
    }

    private boolean register(ChannelHandlerContext ctx) {
      try {
        var session = ctx.pipeline().get(SslHandler.class).engine().getSession();
        // From here, not from the channel: HTTP/2 would wait half a minute for its streams.
        registry.register(ctx.channel(), tls.acceptedOf(session), _ -> ctx.close());
        return true;
      } catch (SSLPeerUnverifiedException e) {
        tls.reportFailedHandshake(true, e, String.valueOf(ctx.channel().remoteAddress()));
        return false;
      }
    }
  }
}
