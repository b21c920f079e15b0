package dev.damselfly.authz.guard;

import dev.damselfly.authz.identity.Expected;
import dev.damselfly.authz.tls.ConnectionRegistry;
import dev.damselfly.authz.tls.TlsContexts;
import io.grpc.netty.GrpcHttp2ConnectionHandler;
import io.grpc.netty.InternalProtocolNegotiator.ProtocolNegotiator;
import io.grpc.netty.InternalProtocolNegotiators;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslHandler;
import io.netty.util.AsciiString;
import javax.net.ssl.SSLPeerUnverifiedException;

/// TLS for gRPC channels; each connection ends with the identities behind it.
final class ClientNegotiator implements ProtocolNegotiator {
  /// gRPC wants a name for SNI; the peer is checked by its SPIFFE ID, so this one says nothing.
  static final String AUTHORITY = "damselfly";

  private final TlsContexts tls;
  private final ConnectionRegistry registry;
  private final SslContext context;
  private final Runnable renew;

  /// @param renew makes new calls go to a new connection; those that run stay on theirs
  ClientNegotiator(TlsContexts tls, Expected expected, ConnectionRegistry registry, Runnable renew) {
    this.renew = renew;
    this.tls = tls;
    this.registry = registry;
    this.context = tls.grpcClient(expected);
  }

  @Override
  public AsciiString scheme() {
    return AsciiString.of("https");
  }

  @Override
  public ChannelHandler newHandler(GrpcHttp2ConnectionHandler http2) {
    var logger = http2.getNegotiationLogger();
    var watch = new Watch(InternalProtocolNegotiators.grpcNegotiationHandler(http2));
    return InternalProtocolNegotiators.waitUntilActiveHandler(
        InternalProtocolNegotiators.clientTlsHandler(watch, context, AUTHORITY, logger), logger);
  }

  @Override
  public void close() {
    // contexts live as long as the process
  }

  /// Stands between TLS and gRPC until the handshake is done, then registers the connection and lets gRPC in.
  private final class Watch extends ChannelInboundHandlerAdapter {
    private final ChannelHandler next;

    Watch(ChannelHandler next) {
      this.next = next;
    }

    @Override
    public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
      var ssl = ctx.pipeline().get(SslHandler.class);
      if (ssl == null || !ssl.handshakeFuture().isSuccess()) {
        ctx.fireUserEventTriggered(event);
        return;
      }
      try {
        ChannelHandlerContext below = ctx.pipeline().context(ssl);
        // Below HTTP/2, which would wait half a minute for its streams.
        var manners = new ConnectionRegistry.Manners(renew, _ -> below.close());
        registry.register(ctx.channel(), tls.acceptedOf(ssl.engine().getSession()), manners);
      } catch (SSLPeerUnverifiedException e) {
        tls.reportFailedHandshake(false, e, String.valueOf(ctx.channel().remoteAddress())); // trust ended meanwhile
        ctx.close();
        return;
      }
      ctx.pipeline().replace(this, null, next);
      ctx.fireUserEventTriggered(event); // a replaced context leads to its successor
    }
  }
}
