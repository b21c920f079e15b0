package dev.damselfly.peer.transfer;

import com.google.protobuf.ByteString;
import dev.damselfly.api.error.RequestFailure;
import dev.damselfly.api.id.PieceNumber;
import dev.damselfly.authz.audit.Audit;
import dev.damselfly.authz.audit.AuditAction;
import dev.damselfly.authz.audit.AuditEvent;
import dev.damselfly.peer.content.Attestation;
import dev.damselfly.peer.content.PieceSource;
import dev.damselfly.peer.store.IncomingPiece;
import dev.damselfly.peer.store.VerifiedPiece;
import io.netty.buffer.ByteBuf;
import io.netty.channel.EventLoop;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// A link to a parent over mutual TLS. Thread-safe.
///
/// A connection ends with the SVIDs behind it, the link does not: [#replace] opens another one, new requests go there
/// once it is accepted, and the old one ends when what was asked on it is here.
///
/// Three places: callers on any thread, [LinkSession] on the event loop, and everything that touches sinks or the
/// listener on one serial queue. What happens to a piece happens there in order: content, verdict, end of the link.
final class TlsParentLink implements ParentLink {
  private static final Logger LOG = LoggerFactory.getLogger(TlsParentLink.class);
  private static final int MAX_ASKED = 256;
  private static final long TRY_AGAIN_MILLIS = 1000;

  private final ParentRef parent;
  private final Listener listener;
  private final Audit audit;
  private final SerialQueue queue;
  private final EventLoop loop;
  private final TransferLimits limits;
  private final Dialer dialer;
  private final Consumer<TlsParentLink> whenOver;
  private final AtomicInteger inFlight = new AtomicInteger();
  private final CountDownLatch over = new CountDownLatch(1);
  private volatile ByteString grant;
  private volatile String grantId;

  /// Where requests go. Set on the event loop only.
  private volatile LinkSession session;

  /// Connecting, to take the place of the other. On the event loop only.
  private @Nullable LinkSession next;

  /// Opens connections of this link, on its event loop.
  @FunctionalInterface
  interface Dialer {
    void dial(TlsParentLink link, LinkSession session);
  }

  /// @param whenOver told after the listener that the link is over
  TlsParentLink(
      ParentRef parent,
      Listener listener,
      Audit audit,
      SerialQueue queue,
      EventLoop loop,
      TransferLimits limits,
      Dialer dialer,
      Consumer<TlsParentLink> whenOver) {
    this.limits = limits;
    this.dialer = dialer;
    this.whenOver = whenOver;
    this.parent = parent;
    this.listener = listener;
    this.audit = audit;
    this.queue = queue;
    this.loop = loop;
    this.grant = parent.grant();
    this.grantId = Grants.shortId(grant);
    this.session = new LinkSession(this, parent, loop, limits);
  }

  @Override
  public ParentRef parent() {
    return parent;
  }

  @Override
  public void request(Attestation expected, IncomingPiece sink) {
    if (!expected.number().equals(sink.number()) || expected.length() < 1 || expected.length() > sink.maxLength()) {
      throw new IllegalArgumentException("number and length of attestation and sink must agree");
    }
    if (inFlight.incrementAndGet() > MAX_ASKED) {
      inFlight.decrementAndGet();
      throw new IllegalStateException("a link takes at most " + MAX_ASKED + " requests");
    }
    var ask = new Ask(expected, sink);
    onLoop(() -> session.ask(ask), () -> fail(ask, Failure.CLOSED));
  }

  @Override
  public void withdraw(PieceNumber number) {
    onLoop(() -> session.withdraw(number), () -> {}); // without a loop all links are over
  }

  @Override
  public void renewGrant(ByteString newer) {
    onLoop(
        () -> {
          grant = newer;
          grantId = Grants.shortId(newer);
          session.renew(newer);
          if (next != null) {
            next.renew(newer);
          }
        },
        () -> {});
  }

  /// What a new connection shows.
  ByteString grant() {
    return grant;
  }

  void start() {
    dialer.dial(this, session);
  }

  /// The connection's time comes soon: makes another before it breaks. Any thread.
  void replace() {
    onLoop(
        () -> {
          if (next == null && !session.isOver()) {
            var fresh = new LinkSession(this, parent, loop, limits);
            next = fresh;
            dialer.dial(this, fresh);
          }
        },
        () -> {});
  }

  @Override
  public int inFlight() {
    return inFlight.get();
  }

  @Override
  public long rate() {
    return session.rate();
  }

  @Override
  public void close() {
    onLoop(() -> session.end(Failure.CLOSED), () -> {});
  }

  /// Waits until the listener was told that the link is over.
  boolean awaitOver(long nanos) throws InterruptedException {
    return over.await(nanos, TimeUnit.NANOSECONDS);
  }

  private void onLoop(Runnable task, Runnable loopIsGone) {
    try {
      loop.execute(task);
    } catch (RejectedExecutionException e) {
      loopIsGone.run(); // all links are closed then
    }
  }

  // From here on: called by the session on the event loop, done on the queue.

  void ready(LinkSession accepted) {
    if (accepted != next) {
      tell(() -> listener.ready(this));
      return;
    }
    LinkSession before = session;
    next = null;
    session = accepted;
    before.retire().forEach(accepted::ask);
  }

  void have(List<PieceNumber> numbers) {
    tell(() -> listener.have(this, numbers));
  }

  /// Takes the buffer over.
  void content(LinkSession from, Ask ask, ByteBuf bytes) {
    queue.run(() -> write(from, ask, bytes));
  }

  void complete(Ask ask) {
    tell(() -> finish(ask));
  }

  void fail(Ask ask, Failure failure) {
    tell(() -> failed(ask, failure));
  }

  /// The answer will not be used.
  void dropAnswer(Ask ask) {
    tell(() -> settle(ask, Failure.WITHDRAWN));
  }

  void closed(LinkSession ended, Failure failure) {
    if (ended == next) {
      next = null;
      if (!loop.isShuttingDown()) {
        loop.schedule(this::replace, TRY_AGAIN_MILLIS, TimeUnit.MILLISECONDS);
      }
      return;
    }
    if (ended != session) {
      return; // retired, and done with what it had
    }
    LinkSession late = next;
    next = null;
    if (late != null) {
      late.end(Failure.CLOSED);
    }
    queue.run(
        () -> {
          try {
            listener.closed(this, failure);
          } finally {
            whenOver.accept(this);
            over.countDown();
          }
        });
  }

  private void tell(Runnable call) {
    queue.run(
        () -> {
          try {
            call.run();
          } catch (RuntimeException | Error e) { // top of a thread; the link cannot go on without its listener
            LOG.error("listener of a piece link failed", e);
            close();
          }
        });
  }

  private void write(LinkSession from, Ask ask, ByteBuf bytes) {
    int length = bytes.readableBytes();
    try {
      if (!ask.diskFailed && !ask.settled) {
        for (var part : bytes.nioBuffers()) {
          ask.sink.write(part);
        }
      }
    } catch (UncheckedIOException | RequestFailure e) {
      LOG.warn("piece {} could not be written: {}", ask.number(), e.getClass().getSimpleName());
      ask.diskFailed = true;
    } finally {
      bytes.release();
      from.written(length);
    }
  }

  private void finish(Ask ask) {
    if (ask.settled || ask.diskFailed) {
      failed(ask, Failure.LOCAL_DISK);
      return;
    }
    Optional<VerifiedPiece> verified =
        ask.sink
            .verify(ask.expected, new PieceSource.Parent(parent.peerId(), parent.spiffeId().toString(), parent.reason(), grantId))
            .filter(piece -> piece.record().crc32().equals(ask.claimedCrc));
    if (verified.isPresent()) {
      inFlight.decrementAndGet();
      ask.settled = true;
      listener.received(this, verified.get());
      return;
    }
    onLoop(() -> session.end(Failure.WRONG_BYTES), () -> {});
    blame(ask);
    failed(ask, Failure.WRONG_BYTES);
  }

  private void failed(Ask ask, Failure failure) {
    inFlight.decrementAndGet();
    settle(ask, failure);
  }

  private void settle(Ask ask, Failure failure) {
    if (!ask.settled) {
      ask.settled = true;
      listener.failed(this, ask.number(), failure);
    }
  }

  /// S-VTX-5: who served the wrong bytes stays on record.
  private void blame(Ask ask) {
    try {
      audit.record(
          new AuditEvent(
              AuditAction.DIGEST_MISMATCH,
              parent.spiffeId().toString(),
              "task:" + parent.task(),
              AuditEvent.Decision.FAILED,
              "WRONG_BYTES",
              parent.address().toString(),
              Map.of("piece", ask.number().toString(), "grant", grantId)));
    } catch (Audit.AuditUnavailable e) {
      LOG.error("a digest mismatch could not be audited", e); // the piece is refused either way
    }
  }
}
