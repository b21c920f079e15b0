package dev.damselfly.authz.guard;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.damselfly.authz.identity.Caller;
import dev.damselfly.authz.identity.SpiffeId;
import dev.damselfly.authz.legacy.LegacyCallers;
import dev.damselfly.authz.limits.Bound;
import dev.damselfly.authz.limits.Limits;
import io.grpc.netty.GrpcHttp2ConnectionHandler;
import io.grpc.netty.InternalProtocolNegotiator.ProtocolNegotiator;
import io.grpc.netty.InternalProtocolNegotiators;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.util.AsciiString;
import io.netty.util.concurrent.Future;
import java.net.InetSocketAddress;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/// HTTP/2 without TLS for the legacy server. A connection from an address that no block admits, or over its share
/// (B-09, B-10), is closed before a byte of it is read; one that says nothing for 10 s (B-40) is closed, too.
final class PlainNegotiator implements ProtocolNegotiator {
  private final LegacyCallers callers;
  private final Refusals refusals;
  private final int most;
  private final int mostPerAddress;
  private final long firstBytesMillis;
  private final ProtocolNegotiator plain = InternalProtocolNegotiators.serverPlaintext();

  @GuardedBy("open")
  private final Map<SpiffeId, Integer> open = new HashMap<>();

  @GuardedBy("open")
  private int all;

  /// Hears of every connection that is not let in; on event loops, so it returns soon.
  interface Refusals {
    /// @param caller absent when no block admits the address
    void refused(Optional<Caller> caller, String remote);
  }

  PlainNegotiator(LegacyCallers callers, Refusals refusals, Limits limits) {
    this.callers = callers;
    this.refusals = refusals;
    this.most = limits.count(Bound.CONNECTIONS);
    this.mostPerAddress = limits.count(Bound.CONNECTIONS_PER_IDENTITY);
    this.firstBytesMillis = limits.value(Bound.HANDSHAKE_TIME);
  }

  @Override
  public AsciiString scheme() {
    return plain.scheme();
  }

  @Override
  public ChannelHandler newHandler(GrpcHttp2ConnectionHandler http2) {
    StreamManners.ignoreDeadlines(http2);
    return new Door(plain.newHandler(http2), http2);
  }

  @Override
  public void close() {
    plain.close();
  }

  /// Open connections of all callers.
  int connections() {
    synchronized (open) {
      return all;
    }
  }

  private boolean enter(Channel channel) {
    var remote = (InetSocketAddress) channel.remoteAddress();
    Optional<Caller> caller = remote == null ? Optional.empty() : callers.admit(remote);
    if (caller.isPresent() && take(caller.get().id())) {
      SpiffeId id = caller.get().id();
      channel.closeFuture().addListener(_ -> give(id));
      return true;
    }
    refusals.refused(caller, String.valueOf(remote));
    return false;
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

  /// First in the pipeline: asks who it is, then waits for the first bytes.
  private final class Door extends ChannelInboundHandlerAdapter {
    private final ChannelHandler next;
    private final GrpcHttp2ConnectionHandler http2;
    private @Nullable Future<?> patience;

    Door(ChannelHandler next, GrpcHttp2ConnectionHandler http2) {
      this.next = next;
      this.http2 = http2;
    }

    @Override
    public void handlerAdded(ChannelHandlerContext ctx) {
      if (!enter(ctx.channel())) {
        ctx.close();
        return;
      }
      StreamManners.resetAnswered(http2, ctx.pipeline()::context);
      patience = ctx.executor().schedule(() -> ctx.close(), firstBytesMillis, TimeUnit.MILLISECONDS);
      ctx.pipeline().addAfter(ctx.name(), null, next);
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
      stopWaiting();
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
