package dev.damselfly.peer.upload;

import dev.damselfly.authz.audit.AuditAction;
import dev.damselfly.authz.audit.AuditEvent;
import dev.damselfly.authz.identity.Caller;
import dev.damselfly.authz.tls.PeerGate;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.handler.ssl.SslHandshakeCompletionEvent;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.RejectedExecutionException;

/// Waits behind the TLS gate for a known child, gives it its share of the listener, and leaves its place to the
/// session. Before that there is no handler in the pipeline that could look at a frame (S-VTX-1).
final class Admission extends ChannelInboundHandlerAdapter {
  private final UploadParts parts;
  private final Shares shares;

  Admission(UploadParts parts, Shares shares) {
    this.parts = parts;
    this.shares = shares;
  }

  @Override
  public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
    if (event instanceof SslHandshakeCompletionEvent) {
      admit(ctx, PeerGate.caller(ctx.channel()));
    }
  }

  private void admit(ChannelHandlerContext ctx, Caller caller) {
    Optional<Shares.Share> share = shares.join(caller.id());
    if (share.isPresent() && ctx.channel().isActive()) {
      ctx.pipeline().replace(this, "session", new PieceSession(parts, caller, share.get(), ctx.channel()));
      return;
    }
    share.ifPresent(Shares.Share::close);
    if (share.isEmpty()) {
      refused(caller);
    }
    ctx.close();
  }

  private void refused(Caller caller) {
    var event =
        new AuditEvent(
            AuditAction.LIMIT_HIT,
            caller.id().toString(),
            "piece-listener",
            AuditEvent.Decision.DENY,
            "CONNECTIONS_PER_IDENTITY",
            caller.remote().toString(),
            Map.of("limit", Integer.toString(parts.limits().connectionsPerIdentity())));
    try {
      parts.worker().execute(() -> parts.audit().record(event));
    } catch (RejectedExecutionException e) {
      return; // the listener is closing; the connection is refused either way
    }
  }

  @Override
  public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
    ctx.close(); // nobody is known there yet
  }
}
