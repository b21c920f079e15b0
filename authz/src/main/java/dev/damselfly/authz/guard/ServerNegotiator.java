package dev.damselfly.authz.guard;

import dev.damselfly.authz.identity.Verdict;
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
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import javax.net.ssl.SSLPeerUnverifiedException;
import org.jspecify.annotations.Nullable;

/// TLS for gRPC servers, and what the v2 API needs below gRPC ([StreamManners]). Each connection has a place in the
/// doorway or is closed at once; its handshake is watched, so that a refusal is recorded with its address and the
/// connection ends with its identity.
final class ServerNegotiator implements ProtocolNegotiator {

  private final TlsContexts tls;
  private final ConnectionRegistry registry;
  private final Doorway doorway;
  private final Duration handshake;
  private final ProtocolNegotiator serverTls;

  /// @param handshake what takes longer is closed
  ServerNegotiator(TlsContexts tls, ConnectionRegistry registry, Doorway doorway, Duration handshake) {
    this.tls = tls;
    this.registry = registry;
    this.doorway = doorway;
    this.handshake = handshake;
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

  /// Puts the TLS handlers behind itself, and takes a place; gives way to the watcher once they have put their
  /// `SslHandler` in.
  private final class Install extends ChannelInboundHandlerAdapter {
    private final ChannelHandler next;
    private final GrpcHttp2ConnectionHandler http2;
    private Doorway.@Nullable Place place;

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
      Optional<Doorway.Place> taken = Optional.ofNullable(place).or(() -> enter(ctx));
      if (taken.isEmpty()) {
        ctx.close();
        return;
      }
      ctx.fireUserEventTriggered(event); // tells the TLS handlers to begin
      ChannelHandlerContext ssl = ctx.pipeline().context(SslHandler.class);
      if (ssl != null) {
        ((SslHandler) ssl.handler()).setHandshakeTimeoutMillis(handshake.toMillis());
        ctx.pipeline().addAfter(ssl.name(), null, new HandshakeWatch(taken.get()));
        ctx.pipeline().remove(this);
      }
    }

    private Optional<Doorway.Place> enter(ChannelHandlerContext ctx) {
      Optional<Doorway.Place> entered = doorway.enter(String.valueOf(ctx.channel().remoteAddress()));
      entered.ifPresent(
          it -> {
            place = it;
            ctx.channel().closeFuture().addListener(_ -> it.leave());
          });
      return entered;
    }
  }

  /// Sees how the handshake ended.
  private final class HandshakeWatch extends ChannelInboundHandlerAdapter {
    private final AtomicBoolean over = new AtomicBoolean();
    private final Doorway.Place place;

    HandshakeWatch(Doorway.Place place) {
      this.place = place;
    }

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
        Verdict.Accepted peer = tls.acceptedOf(ctx.pipeline().get(SslHandler.class).engine().getSession());
        if (!place.belongsTo(peer.id())) {
          return false;
        }
        // From here, not from the channel: HTTP/2 would wait half a minute for its streams.
        registry.register(ctx.channel(), peer, _ -> ctx.close());
        return true;
      } catch (SSLPeerUnverifiedException e) {
        tls.reportFailedHandshake(true, e, String.valueOf(ctx.channel().remoteAddress()));
        return false;
      }
    }
  }
}
