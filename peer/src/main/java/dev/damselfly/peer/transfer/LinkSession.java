package dev.damselfly.peer.transfer;

import com.google.protobuf.ByteString;
import dev.damselfly.api.id.PieceNumber;
import dev.damselfly.api.wire.vortex.ErrorReply;
import dev.damselfly.api.wire.vortex.FrameHeader;
import dev.damselfly.api.wire.vortex.Have;
import dev.damselfly.api.wire.vortex.PieceMetadata;
import dev.damselfly.api.wire.vortex.Tag;
import dev.damselfly.peer.transfer.ParentLink.Failure;
import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.EventLoop;
import io.netty.handler.ssl.SslHandshakeCompletionEvent;
import io.netty.handler.ssl.SslHandshakeTimeoutException;
import io.netty.util.concurrent.Future;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.BitSet;
import java.util.List;
import java.util.Optional;
import java.util.Queue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import javax.net.ssl.SSLException;
import org.jspecify.annotations.Nullable;

/// The child's end of one piece connection, on its event loop: what was asked, what is arriving, and for how long.
///
/// Nothing that a parent says positions a write or sizes a buffer: each field of a reply must equal what was asked
/// (S-VTX-4), and each piece is announced at most once. A link outlives its connections: a session that is retired
/// takes what it asked for and ends.
final class LinkSession extends ChannelInboundHandlerAdapter implements FrameCutter.Receiver {
  private final TlsParentLink link;
  private final ParentRef parent;
  private final EventLoop loop;
  private final TransferLimits limits;
  private final RateGauge gauge;
  private final FrameCutter cutter = new FrameCutter(this);
  private final Queue<Ask> waiting = new ArrayDeque<>();
  private final Queue<Ask> sent = new ArrayDeque<>();
  private final BitSet announced = new BitSet();
  private final AtomicLong queued = new AtomicLong();
  private volatile boolean paused;

  private Phase phase = Phase.CONNECTING;
  private @Nullable Channel channel;
  private @Nullable Future<?> timer;
  private boolean reached;
  private boolean retired;
  private int grantsShown;
  private long contentLeft;

  private enum Phase {
    CONNECTING,
    GRANTING,
    READY,
    OVER
  }

  LinkSession(TlsParentLink link, ParentRef parent, EventLoop loop, TransferLimits limits) {
    this.link = link;
    this.parent = parent;
    this.loop = loop;
    this.limits = limits;
    this.gauge = new RateGauge(limits);
  }

  long rate() {
    return gauge.rate();
  }

  /// The loop's own clock, which tests turn by hand.
  private long now() {
    return loop.ticker().nanoTime();
  }

  /// There is a socket.
  void connected(Channel open) {
    channel = open;
    if (phase == Phase.OVER) {
      open.close();
    }
  }

  /// Either end may have refused the other, or the connection broke.
  ///
  /// @param failure absent when the handshake succeeded
  void handshake(@Nullable Throwable failure) {
    if (failure instanceof SslHandshakeTimeoutException) {
      end(Failure.UNREACHABLE);
    } else if (failure != null) {
      end(reached && failure instanceof SSLException ? Failure.REFUSED : Failure.UNREACHABLE);
    }
  }

  @Override
  public void channelActive(ChannelHandlerContext ctx) {
    reached = true; // before that a failed handshake only says that nobody was there
  }

  /// The gate lets this through only when the parent is who it should be.
  @Override
  public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
    if (event instanceof SslHandshakeCompletionEvent && phase == Phase.CONNECTING) {
      authenticated();
    }
  }

  private void authenticated() {
    phase = Phase.GRANTING;
    timer = loop.schedule(() -> end(Failure.STALLED), limits.answer().toNanos(), TimeUnit.NANOSECONDS);
    showGrant(link.grant());
  }

  void ask(Ask ask) {
    if (phase == Phase.OVER) {
      link.fail(ask, Failure.CLOSED);
      return;
    }
    waiting.add(ask);
    sendWaiting();
  }

  /// Gives up the latest request for a piece: it is not sent, or its answer is dropped.
  void withdraw(PieceNumber number) {
    Optional<Ask> unsent = latest(waiting, number);
    if (unsent.isPresent()) {
      waiting.remove(unsent.get());
      link.fail(unsent.get(), Failure.WITHDRAWN);
    } else {
      latest(sent, number).ifPresent(link::dropAnswer);
    }
  }

  private static Optional<Ask> latest(Queue<Ask> asks, PieceNumber number) {
    return asks.stream().filter(ask -> ask.number().equals(number)).reduce((_, later) -> later);
  }

  boolean isOver() {
    return phase == Phase.OVER;
  }

  /// Asks for nothing more and ends when what was asked for is here.
  ///
  /// @return what was not asked for yet
  List<Ask> retire() {
    retired = true;
    List<Ask> unsent = List.copyOf(waiting);
    waiting.clear();
    endIfIdle();
    return unsent;
  }

  private void endIfIdle() {
    if (retired && sent.isEmpty()) {
      end(Failure.CLOSED);
    }
  }

  void renew(ByteString grant) {
    if (phase == Phase.READY) {
      showGrant(grant);
    }
  }

  private void showGrant(ByteString grant) {
    if (channel != null) {
      grantsShown++;
      channel.writeAndFlush(Frames.grant(channel.alloc(), grant));
    }
  }

  private void sendWaiting() {
    if (phase != Phase.READY || channel == null) {
      return;
    }
    boolean any = false;
    while (!waiting.isEmpty() && sent.size() < limits.outstanding()) {
      Ask ask = waiting.remove();
      sent.add(ask);
      channel.write(Frames.request(channel.alloc(), parent.task(), ask.number()));
      any = true;
    }
    if (any) {
      channel.flush();
      gauge.owes(now());
    }
  }

  /// Ends the link. Only the first reason counts.
  void end(Failure failure) {
    if (phase == Phase.OVER) {
      return;
    }
    phase = Phase.OVER;
    cutter.stop();
    if (timer != null) {
      timer.cancel(false);
    }
    if (channel != null) {
      channel.close();
    }
    // One wrong piece is one mismatch: the others were not judged.
    Failure ofOthers = failure == Failure.WRONG_BYTES ? Failure.CLOSED : failure;
    sent.forEach(ask -> link.fail(ask, ofOthers));
    waiting.forEach(ask -> link.fail(ask, ofOthers));
    sent.clear();
    waiting.clear();
    link.closed(this, failure);
  }

  @Override
  public void channelRead(ChannelHandlerContext ctx, Object message) {
    try {
      cutter.feed((ByteBuf) message);
    } catch (BadFrame e) {
      end(Failure.PROTOCOL_BROKEN);
    }
  }

  @Override
  public void channelInactive(ChannelHandlerContext ctx) {
    end(phase == Phase.READY ? Failure.UNREACHABLE : Failure.REFUSED);
  }

  @Override
  public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
    // In TLS 1.3 a parent that refuses our certificate says so after the handshake, in place of the answer.
    end(phase == Phase.GRANTING ? Failure.REFUSED : Failure.UNREACHABLE);
  }

  @Override
  public int maxLength(int tag) throws BadFrame {
    return switch (tag) {
      case Tag.GRANT_ACCEPTED -> 0;
      case Tag.HAVE -> (1 + Have.MAX) * Integer.BYTES;
      case Tag.PIECE_CONTENT -> Integer.BYTES + PieceMetadata.MAX_METADATA;
      case Tag.ERROR -> ErrorReply.MAX_READ;
      default -> throw new BadFrame("a parent sends GRANT_ACCEPTED, HAVE, content and errors");
    };
  }

  @Override
  public void frame(FrameHeader header, ByteBuffer value) throws BadFrame {
    switch (header.tag()) {
      case Tag.GRANT_ACCEPTED -> accepted();
      case Tag.HAVE -> have(Frames.whole(Have.decode(header, value)));
      case Tag.PIECE_CONTENT -> contentHead(Frames.whole(PieceMetadata.decode(header, value)));
      default -> error(Frames.whole(ErrorReply.decode(header, value)));
    }
  }

  private void accepted() throws BadFrame {
    if (grantsShown == 0) {
      throw new BadFrame("one GRANT_ACCEPTED per GRANT");
    }
    grantsShown--;
    if (phase == Phase.GRANTING) {
      phase = Phase.READY;
      if (timer != null) {
        timer.cancel(false);
      }
      long period = Math.min(limits.silence().toNanos(), limits.rateWindow().toNanos()) / 4;
      timer = loop.scheduleWithFixedDelay(this::judge, period, period, TimeUnit.NANOSECONDS);
      link.ready(this);
      sendWaiting();
    }
  }

  private void judge() {
    if (gauge.stalled(now())) {
      end(Failure.STALLED);
    }
  }

  private void have(Have have) throws BadFrame {
    requireReady();
    for (PieceNumber number : have.numbers()) {
      if (announced.get(number.value())) {
        throw new BadFrame("each piece is announced once");
      }
      announced.set(number.value());
    }
    link.have(have.numbers());
  }

  private void contentHead(PieceMetadata metadata) throws BadFrame {
    requireReady();
    Ask ask = sent.peek();
    if (ask == null) {
      throw new BadFrame("content answers a request");
    }
    if (!metadata.number().equals(ask.number())
        || metadata.offset() != ask.sink.offset()
        || metadata.length() != ask.expected.length()) {
      throw new BadFrame("number, offset and length must be those of the requested piece");
    }
    if (metadata.digest().isEmpty()) {
      throw new BadFrame("the checksum must be present");
    }
    ask.claimedCrc = metadata.digest();
    contentLeft = metadata.length();
    cutter.expectContent(contentLeft);
    gauge.bytes(metadata.encodedSize(), now());
  }

  private void error(ErrorReply error) {
    Ask ask = sent.peek();
    if (phase != Phase.READY || ask == null || error.kind() == ErrorReply.Kind.INVALID_ARGUMENT) {
      end(Failure.REFUSED);
      return;
    }
    announced.clear(ask.number().value());
    answered();
    link.fail(ask, Failure.NOT_FOUND);
    endIfIdle();
  }

  private void requireReady() throws BadFrame {
    if (phase != Phase.READY) {
      throw new BadFrame("GRANT_ACCEPTED comes first");
    }
  }

  @Override
  public void content(ByteBuf bytes) {
    Ask ask = sent.element();
    int length = bytes.readableBytes();
    gauge.bytes(length, now());
    contentLeft -= length;
    if (queued.addAndGet(length) > limits.queuedBytes()) {
      pause();
    }
    link.content(this, ask, bytes);
    if (contentLeft == 0) {
      answered();
      link.complete(ask);
      endIfIdle();
    }
  }

  /// The oldest request has its whole answer.
  private void answered() {
    sent.remove();
    long now = now();
    gauge.bytes(0, now);
    sendWaiting();
    if (sent.isEmpty()) {
      gauge.settled(now);
    }
  }

  private void pause() {
    if (!paused && channel != null) {
      paused = true;
      gauge.pause(now());
      channel.config().setAutoRead(false);
    }
  }

  /// Content left the queue. Any thread.
  void written(int length) {
    if (queued.addAndGet(-length) <= limits.queuedBytes() / 2 && paused) {
      loop.execute(this::resume);
    }
  }

  private void resume() {
    if (paused && channel != null && queued.get() <= limits.queuedBytes()) {
      paused = false;
      gauge.resume(now());
      channel.config().setAutoRead(true);
    }
  }
}
