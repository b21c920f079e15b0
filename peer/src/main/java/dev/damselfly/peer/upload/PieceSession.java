package dev.damselfly.peer.upload;

import com.google.protobuf.ByteString;
import dev.damselfly.api.wire.vortex.ErrorReply;
import dev.damselfly.api.wire.vortex.FrameHeader;
import dev.damselfly.api.wire.vortex.GrantFrame;
import dev.damselfly.api.wire.vortex.PieceRequest;
import dev.damselfly.api.wire.vortex.Tag;
import dev.damselfly.api.error.RequestFailure.Refused;
import dev.damselfly.authz.audit.AuditAction;
import dev.damselfly.authz.audit.AuditEvent;
import dev.damselfly.authz.identity.Caller;
import dev.damselfly.peer.content.PieceRecord;
import dev.damselfly.peer.transfer.BadFrame;
import dev.damselfly.peer.transfer.FrameCutter;
import dev.damselfly.peer.transfer.Frames;
import dev.damselfly.peer.upload.GrantVerdict.Denied;
import dev.damselfly.peer.upload.GrantVerdict.Granted;
import dev.damselfly.peer.upload.GrantVerdict.Why;
import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.util.concurrent.Future;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The parent's end of one piece connection, on its event loop, from the authenticated handshake on.
///
/// Nothing is served before a grant was verified, and one connection serves one task. Whatever may block runs on the
/// worker and comes back as an event.
final class PieceSession extends ChannelInboundHandlerAdapter implements FrameCutter.Receiver {
  private static final Logger LOG = LoggerFactory.getLogger(PieceSession.class);

  private final UploadParts parts;
  private final Caller caller;
  private final Shares.Share share;
  private final FrameCutter cutter = new FrameCutter(this);
  private final News news = new News();
  private final Channel channel;
  private final ReplyQueue replies;

  private @Nullable Granted granted;
  private @Nullable Subscription subscription;
  private @Nullable Future<?> frameTimer;
  private @Nullable Future<?> expiryTimer;
  private boolean judging;
  private boolean newsScheduled;
  private boolean ending;

  /// On the channel's event loop.
  PieceSession(UploadParts parts, Caller caller, Shares.Share share, Channel channel) {
    this.parts = parts;
    this.caller = caller;
    this.share = share;
    this.channel = channel;
    this.replies = new ReplyQueue(parts.limits(), parts.worker(), share, channel, news, this::drop);
  }

  @Override
  public void handlerAdded(ChannelHandlerContext ctx) {
    replies.start();
    startFrameTimer();
  }

  @Override
  public void channelRead(ChannelHandlerContext context, Object message) {
    try {
      cutter.feed((ByteBuf) message);
      if (cutter.insideFrame() && frameTimer == null) {
        startFrameTimer();
      }
    } catch (BadFrame e) {
      drop();
    }
  }

  /// B-07: a frame that began has to end soon, and the grant has to come at all.
  private void startFrameTimer() {
    frameTimer =
        channel.eventLoop().schedule(this::drop, parts.limits().frame().toNanos(), TimeUnit.NANOSECONDS);
  }

  private void stopFrameTimer() {
    if (frameTimer != null) {
      frameTimer.cancel(false);
      frameTimer = null;
    }
  }

  @Override
  public int maxLength(int tag) throws BadFrame {
    return switch (tag) {
      case Tag.GRANT -> GrantFrame.MAX;
      case Tag.DOWNLOAD_PIECE -> PieceRequest.VALUE_SIZE;
      default -> throw new BadFrame("a child sends GRANT and piece requests");
    };
  }

  @Override
  public void frame(FrameHeader header, ByteBuffer value) throws BadFrame {
    if (header.tag() == Tag.GRANT) {
      grant(Frames.whole(GrantFrame.decode(header, value)).bytes());
    } else {
      request(Frames.whole(PieceRequest.decode(header, value)));
    }
    if (granted != null || judging) {
      stopFrameTimer();
    }
  }

  @Override
  public void content(ByteBuf bytes) {
    bytes.release(); // a child never sends content, and none is expected
  }

  private void grant(ByteString bytes) throws BadFrame {
    if (judging) {
      throw new BadFrame("one GRANT at a time");
    }
    judging = true;
    Granted before = granted;
    onWorker(
        () -> {
          GrantVerdict verdict =
              before == null ? parts.grants().verify(bytes, caller) : parts.grants().verifyFor(before.task(), bytes, caller);
          Optional<Subscription> made =
              before == null && verdict instanceof Granted g ? subscribe(g) : Optional.empty();
          if (!onLoop(() -> judged(verdict, made))) {
            made.ifPresent(Subscription::close);
          }
        });
  }

  /// On the worker. Absent when the task is not here (any more).
  private Optional<Subscription> subscribe(Granted grant) {
    try {
      return parts.store().find(grant.task(), grant.restricted()).map(task -> new Subscription(task, this::committed));
    } catch (Refused e) {
      return Optional.empty(); // evicted between find and pin
    }
  }

  private void judged(GrantVerdict verdict, Optional<Subscription> made) {
    judging = false;
    if (ending) {
      made.ifPresent(it -> onWorker(it::close));
      return;
    }
    subscription = made.orElse(subscription);
    // A task that is not here gets the answer of a grant that is worth nothing (S-VTX-6).
    if (!(verdict instanceof Granted now) || subscription == null || isOtherSwarm(now)) {
      refuse();
      return;
    }
    granted = now;
    if (expiryTimer != null) {
      expiryTimer.cancel(false);
    }
    long remaining = Math.max(0, parts.grants().remaining(now).toNanos());
    expiryTimer = channel.eventLoop().schedule(this::refuse, remaining, TimeUnit.NANOSECONDS);
    replies.control(Frames.accepted(channel.alloc()));
    made.ifPresent(it -> news.add(it.held()));
    made.ifPresent(it -> replies.serve(request -> Sending.open(it.task(), request.number())));
  }

  private boolean isOtherSwarm(Granted now) {
    return granted != null && granted.restricted() != now.restricted();
  }

  /// On the committing thread.
  private void committed(PieceRecord piece) {
    onLoop(
        () -> {
          news.add(List.of(piece.number()));
          if (!newsScheduled) {
            newsScheduled = true;
            onLoop(this::tellNews); // after the other commits of this turn
          }
        });
  }

  private void tellNews() {
    newsScheduled = false;
    if (!ending) {
      replies.pump();
    }
  }

  private void request(PieceRequest request) {
    if (granted == null) {
      audited(new Denied(Why.MISSING), "task:" + request.task());
      refuse();
    } else if (!request.task().equals(granted.task())) {
      audited(new Denied(Why.OTHER_TASK), "task:" + request.task());
      refuse();
    } else if (!replies.add(request)) {
      onWorker(() -> parts.audit().record(tooMany()));
      refuse();
    }
  }

  private AuditEvent tooMany() {
    return new AuditEvent(
        AuditAction.LIMIT_HIT,
        caller.id().toString(),
        "piece-listener",
        AuditEvent.Decision.DENY,
        "OUTSTANDING_REQUESTS",
        caller.remote().toString(),
        Map.of("limit", Integer.toString(parts.limits().outstanding())));
  }

  private void audited(Denied denied, String object) {
    onWorker(() -> parts.grants().deny(denied, caller, object));
  }

  /// One answer for every refusal: the child learns nothing from it.
  private void refuse() {
    if (ending) {
      return;
    }
    boolean betweenFrames = replies.betweenFrames();
    end();
    if (betweenFrames) {
      channel
          .writeAndFlush(Frames.error(channel.alloc(), ErrorReply.Kind.INVALID_ARGUMENT, "not served to you"))
          .addListener(ChannelFutureListener.CLOSE);
      channel.eventLoop().schedule(() -> channel.close(), parts.limits().frame().toNanos(), TimeUnit.NANOSECONDS);
    } else {
      channel.close();
    }
  }

  /// The connection cannot go on: a frame is late or wrong, an answer cannot be finished, the child takes nothing.
  private void drop() {
    end();
    channel.close();
  }

  private void end() {
    if (ending) {
      return;
    }
    ending = true;
    cutter.stop();
    stopFrameTimer();
    if (expiryTimer != null) {
      expiryTimer.cancel(false);
    }
    replies.end();
    if (subscription != null) {
      onWorker(subscription::close);
    }
  }

  @Override
  public void channelWritabilityChanged(ChannelHandlerContext context) {
    replies.pump();
  }

  @Override
  public void channelInactive(ChannelHandlerContext context) {
    end();
    share.close();
  }

  @Override
  public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
    drop(); // a broken socket or record layer; the child reconnects if it lives
  }

  private void onWorker(Runnable task) {
    try {
      parts.worker().execute(() -> guarded(task));
    } catch (RejectedExecutionException e) {
      LOG.debug("the listener is closing");
    }
  }

  private void guarded(Runnable task) {
    try {
      task.run();
    } catch (RuntimeException e) { // top of a thread; without its verdict or its audit record the connection ends
      LOG.error("piece connection failed", e);
      onLoop(this::drop);
    }
  }

  private boolean onLoop(Runnable task) {
    try {
      channel.eventLoop().execute(task);
      return true;
    } catch (RejectedExecutionException e) {
      return false; // the listener is closing
    }
  }
}
