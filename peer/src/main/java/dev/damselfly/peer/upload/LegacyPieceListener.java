package dev.damselfly.peer.upload;

import dev.damselfly.authz.audit.Audit;
import dev.damselfly.authz.audit.AuditAction;
import dev.damselfly.authz.audit.AuditEvent;
import dev.damselfly.authz.audit.AuditEvent.Decision;
import dev.damselfly.authz.identity.Caller;
import dev.damselfly.authz.legacy.LegacyCallers;
import dev.damselfly.authz.limits.TokenBucket;
import dev.damselfly.peer.store.PieceStore;
import dev.damselfly.peer.transfer.PieceTransport;
import io.netty.channel.Channel;
import io.netty.channel.EventLoopGroup;
import io.netty.util.concurrent.DefaultThreadFactory;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Serves pieces of public tasks to children without an identity: vortex frames on plain TCP, on a port of its own (D1).
///
/// Who may connect says [LegacyCallers]; everybody else is closed unread. Shares, frame times and stall limits are those
/// of [PieceListener], and its own, so that these children take nothing from the ones with an identity. [#start] and
/// [#close] are called once, by the boot. Thread-safe.
public final class LegacyPieceListener implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(LegacyPieceListener.class);
  private static final int BACKLOG = 128;
  private static final int REQUEST_BUFFER = 4 << 10;
  private static final int THREADS = 2;
  private static final long RECORDS_PER_SECOND = 10;

  private final InetSocketAddress bind;
  private final LegacyCallers callers;
  private final PieceStore store;
  private final UploadLimits limits;
  private final Audit audit;
  private final Shares shares;
  private final TokenBucket records = new TokenBucket(RECORDS_PER_SECOND, System::nanoTime);
  private final EventLoopGroup loops = PieceTransport.loops("legacy-upload", THREADS);
  private final ExecutorService worker =
      Executors.newFixedThreadPool(THREADS, new DefaultThreadFactory("legacy-read", true));
  private final PieceSocket socket = new PieceSocket("legacy piece listener", BACKLOG, REQUEST_BUFFER);

  /// @param bind address and port to listen on; port 0 takes a free one
  /// @param audit marks records of legacy callers
  public LegacyPieceListener(
      InetSocketAddress bind, LegacyCallers callers, PieceStore store, UploadLimits limits, Audit audit) {
    this.bind = bind;
    this.callers = callers;
    this.store = store;
    this.limits = limits;
    this.audit = audit;
    this.shares = new Shares(limits);
  }

  /// @throws IOException when the address cannot be bound
  public LegacyPieceListener start() throws IOException {
    socket.bind(bind, loops, loops, this::accept);
    return this;
  }

  private void accept(Channel channel) {
    if (!shares.enter()) {
      channel.close(); // B-10: the newest is refused
      return;
    }
    channel.closeFuture().addListener(_ -> shares.leave());
    var remote = (InetSocketAddress) channel.remoteAddress();
    Optional<Caller> caller = remote == null ? Optional.empty() : callers.admit(remote);
    if (caller.isEmpty()) {
      refused("anonymous", AuditAction.AUTHN_FAILURE, "NOT_ADMITTED", String.valueOf(remote));
      channel.close();
      return;
    }
    Optional<Shares.Share> share = shares.join(caller.get().id());
    if (share.isEmpty()) {
      refused(caller.get().id().toString(), AuditAction.LIMIT_HIT, "CONNECTIONS_PER_IDENTITY", String.valueOf(remote));
      channel.close();
      return;
    }
    socket.add(channel);
    channel
        .pipeline()
        .addLast(
            new LegacyPieceSession(
                store, limits, worker, share.get(), channel, () -> tooMany(caller.get())));
  }

  private void tooMany(Caller caller) {
    refused(caller.id().toString(), AuditAction.LIMIT_HIT, "OUTSTANDING_REQUESTS", caller.remote().toString());
  }

  /// Off the event loop; who floods the port does not flood the log.
  private void refused(String actor, AuditAction action, String reason, String remote) {
    if (records.tryTake()) {
      var event = new AuditEvent(action, actor, "legacy-piece-listener", Decision.DENY, reason, remote, Map.of());
      try {
        worker.execute(() -> record(event));
      } catch (RejectedExecutionException e) {
        LOG.debug("the listener is closing"); // the connection is refused either way
      }
    }
  }

  private void record(AuditEvent event) {
    try {
      audit.record(event);
    } catch (Audit.AuditUnavailable e) {
      LOG.error("a refused legacy connection could not be audited", e); // it stays refused
    }
  }

  /// The bound port.
  ///
  /// @throws IllegalStateException before [#start]
  public int port() {
    return socket.port();
  }

  /// Open connections.
  public int openConnections() {
    return shares.connections();
  }

  /// Stops accepting, ends all connections, and waits for the threads.
  @Override
  public void close() {
    socket.close();
    loops.shutdownGracefully(0, 5, TimeUnit.SECONDS).awaitUninterruptibly();
    worker.close();
  }
}
