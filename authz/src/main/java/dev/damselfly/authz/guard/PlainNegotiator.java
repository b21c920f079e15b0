package dev.damselfly.authz.guard;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.damselfly.authz.identity.Caller;
import dev.damselfly.authz.identity.SpiffeId;
import dev.damselfly.authz.limits.Bound;
import dev.damselfly.authz.limits.Limits;
import io.grpc.Attributes;
import io.grpc.ServerCall;
import io.grpc.netty.GrpcHttp2ConnectionHandler;
import io.grpc.netty.InternalProtocolNegotiationEvent;
import io.grpc.netty.InternalProtocolNegotiator.ProtocolNegotiator;
import io.grpc.netty.InternalProtocolNegotiators;
import io.grpc.netty.ProtocolNegotiationEvent;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslHandler;
import io.netty.util.AsciiString;
import io.netty.util.concurrent.Future;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/// HTTP/2 where something else than a certificate says who connected: the address at the legacy server, the kernel at a
/// Unix socket. A connection of nobody who is admitted, or over its share (B-09, B-10), is closed before a byte of it is
/// read; one that says nothing for 10 s (B-40) is closed, too.
///
/// Where there is a TLS context, nothing passes before its handshake is done, which has that time in all; the context
/// alone decides whose certificates do, and who called stays what it is without it.
final class PlainNegotiator implements ProtocolNegotiator {
  private static final Attributes.Key<Caller> CALLER = Attributes.Key.create("damselfly-plain-caller");

  private final Entrance entrance;
  private final Refusals refusals;
  private final int most;
  private final int mostPerAddress;
  private final int mostHandshakes;
  private final long firstBytesMillis;
  private final boolean secured;
  private final ProtocolNegotiator behind;

  @GuardedBy("open")
  private final Map<SpiffeId, Integer> open = new HashMap<>();

  @GuardedBy("open")
  private int all;

  @GuardedBy("open")
  private int handshakes;

  /// Says who connected.
  interface Entrance {
    /// Absent for everybody who is not admitted.
    Optional<Caller> admit(Channel channel);
  }

  /// Hears of every connection that is not let in; on event loops, so it returns soon.
  interface Refusals {
    /// @param caller absent when nobody who is admitted connected
    void refused(Optional<Caller> caller, String remote);

    /// An admitted one whose TLS handshake did not come to its end.
    void withoutHandshake(Caller caller, String remote);
  }

  /// Without TLS.
  PlainNegotiator(Entrance entrance, Refusals refusals, Limits limits) {
    this(entrance, refusals, limits, InternalProtocolNegotiators.serverPlaintext(), false);
  }

  /// With TLS, and nothing else.
  PlainNegotiator(Entrance entrance, Refusals refusals, Limits limits, SslContext tls) {
    this(entrance, refusals, limits, InternalProtocolNegotiators.serverTls(tls), true);
  }

  private PlainNegotiator(
      Entrance entrance, Refusals refusals, Limits limits, ProtocolNegotiator behind, boolean secured) {
    this.behind = behind;
    this.secured = secured;
    this.mostHandshakes = limits.count(Bound.HANDSHAKES);
    this.entrance = entrance;
    this.refusals = refusals;
    this.most = limits.count(Bound.CONNECTIONS);
    this.mostPerAddress = limits.count(Bound.CONNECTIONS_PER_IDENTITY);
    this.firstBytesMillis = limits.value(Bound.HANDSHAKE_TIME);
  }

  @Override
  public AsciiString scheme() {
    return behind.scheme();
  }

  @Override
  public ChannelHandler newHandler(GrpcHttp2ConnectionHandler http2) {
    StreamManners.ignoreDeadlines(http2);
    return new Door(behind.newHandler(http2), http2);
  }

  @Override
  public void close() {
    behind.close();
  }

  /// Open connections of all callers.
  int connections() {
    synchronized (open) {
      return all;
    }
  }

  /// Who made a call; absent when its connection was not admitted here.
  static Optional<Caller> callerOf(ServerCall<?, ?> call) {
    return Optional.ofNullable(call.getAttributes().get(CALLER));
  }

  private Optional<Caller> enter(Channel channel) {
    Optional<Caller> caller = entrance.admit(channel);
    if (caller.isPresent() && take(caller.get().id())) {
      SpiffeId id = caller.get().id();
      channel.closeFuture().addListener(_ -> give(id));
      return caller;
    }
    refusals.refused(caller, String.valueOf(channel.remoteAddress()));
    return Optional.empty();
  }

  private boolean take(SpiffeId id) {
    synchronized (open) {
      int own = open.getOrDefault(id, 0);
      if (all >= most || own >= mostPerAddress) {
        return false;
      }
      all++;
      open.put(id, own + 1);
      return true;
    }
  }

  private void give(SpiffeId id) {
    synchronized (open) {
      all--;
      open.computeIfPresent(id, (_, own) -> own == 1 ? null : own - 1);
    }
  }

  private boolean beginHandshake() {
    synchronized (open) {
      if (handshakes >= mostHandshakes) {
        return false;
      }
      handshakes++;
      return true;
    }
  }

  private void endHandshake() {
    synchronized (open) {
      handshakes--;
    }
  }

  /// First in the pipeline: asks who it is, then waits for the first bytes, or for the end of the handshake.
  private final class Door extends ChannelInboundHandlerAdapter {
    private final ChannelHandler next;
    private final GrpcHttp2ConnectionHandler http2;
    private @Nullable Future<?> patience;
    private @Nullable Caller caller;

    Door(ChannelHandler next, GrpcHttp2ConnectionHandler http2) {
      this.next = next;
      this.http2 = http2;
    }

    @Override
    public void handlerAdded(ChannelHandlerContext ctx) {
      Optional<Caller> entered = enter(ctx.channel());
      if (entered.isEmpty()) {
        ctx.close();
        return;
      }
      caller = entered.get();
      StreamManners.resetAnswered(http2, ctx.pipeline()::context);
      patience = ctx.executor().schedule(() -> ctx.close(), firstBytesMillis, TimeUnit.MILLISECONDS);
      ctx.pipeline().addAfter(ctx.name(), null, next);
    }

    @Override
    public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
      Caller known = caller;
      if (event instanceof ProtocolNegotiationEvent negotiation && known != null) {
        var attributes = InternalProtocolNegotiationEvent.getAttributes(negotiation).toBuilder().set(CALLER, known).build();
        ctx.fireUserEventTriggered(InternalProtocolNegotiationEvent.withAttributes(negotiation, attributes));
        if (secured) {
          watch(ctx, known);
        }
      } else {
        ctx.fireUserEventTriggered(event);
      }
    }

    /// The event has just put the `SslHandler` in; before any byte.
    private void watch(ChannelHandlerContext ctx, Caller known) {
      String remote = String.valueOf(ctx.channel().remoteAddress());
      SslHandler ssl = ctx.pipeline().get(SslHandler.class);
      if (ssl == null || !beginHandshake()) {
        refusals.refused(Optional.of(known), remote);
        ctx.close();
        return;
      }
      ssl.handshakeFuture()
          .addListener(
              done -> {
                endHandshake();
                stopWaiting();
                if (!done.isSuccess()) {
                  refusals.withoutHandshake(known, remote);
                }
              });
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
      if (!secured) {
        stopWaiting();
      }
      ctx.fireChannelRead(message);
      ctx.pipeline().remove(this);
    }

    @Override
    public void channelInactive(ChannelHandlerContext ctx) {
      stopWaiting();
      ctx.fireChannelInactive();
    }

    private void stopWaiting() {
      if (patience != null) {
        patience.cancel(false);
      }
    }
  }
}
