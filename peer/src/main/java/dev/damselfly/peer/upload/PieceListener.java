package dev.damselfly.peer.upload;

import dev.damselfly.authz.audit.Audit;
import dev.damselfly.authz.identity.Expected;
import dev.damselfly.authz.identity.Role;
import dev.damselfly.authz.tls.ConnectionRegistry;
import dev.damselfly.authz.tls.TlsContexts;
import dev.damselfly.peer.store.PieceStore;
import dev.damselfly.peer.transfer.PieceTransport;
import io.netty.channel.Channel;
import io.netty.channel.EventLoopGroup;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslHandler;
import io.netty.util.concurrent.DefaultThreadFactory;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;

/// Serves pieces to children: TLS 1.3 with both ends' SVIDs, the grant first, then frames (D13). Thread-safe.
///
/// Event loops carry bytes; files, signatures and the audit log are the business of a small pool, whose queue is
/// bounded by the connections: each has at most a few tasks in it. [#start] and [#close] are called once, by the boot.
public final class PieceListener implements AutoCloseable {
  private static final Expected CHILD =
      new Expected(Set.of(Role.PEER, Role.SEED_PEER), Optional.empty(), Optional.empty());
  private static final int BACKLOG = 1024;
  private static final int REQUEST_BUFFER = 16 << 10;

  private final InetSocketAddress bind;
  private final TlsContexts tls;
  private final ConnectionRegistry connections;
  private final UploadLimits limits;
  private final Shares shares;
  private final EventLoopGroup acceptLoop = PieceTransport.loops("piece-accept", 1);
  private final EventLoopGroup loops = PieceTransport.loops("piece-upload");
  private final ExecutorService worker = pool("piece-read");
  private final ExecutorService handshakes = pool("piece-handshake");
  private final PieceSocket socket = new PieceSocket("piece listener", BACKLOG, REQUEST_BUFFER);
  private final UploadParts parts;

  /// @param bind address and port to listen on; port 0 takes a free one
  public PieceListener(
      InetSocketAddress bind,
      TlsContexts tls,
      ConnectionRegistry connections,
      PieceStore store,
      GrantVerifier grants,
      UploadLimits limits,
      Audit audit) {
    this.bind = bind;
    this.tls = tls;
    this.connections = connections;
    this.limits = limits;
    this.shares = new Shares(limits);
    this.parts = new UploadParts(store, grants, limits, audit, worker);
  }

  private static ExecutorService pool(String name) {
    int threads = Math.clamp(Runtime.getRuntime().availableProcessors(), 2, 16);
    return Executors.newFixedThreadPool(threads, new DefaultThreadFactory(name, true));
  }

  /// @throws IOException when the address cannot be bound
  public PieceListener start() throws IOException {
    SslContext context = tls.server(PieceTransport.ALPN, CHILD);
    socket.bind(bind, acceptLoop, loops, channel -> accept(channel, context));
    return this;
  }

  private void accept(Channel channel, SslContext context) {
    if (!shares.enter()) {
      channel.close(); // B-10, B-40: the newest is refused, the accept loop goes on
      return;
    }
    channel.closeFuture().addListener(_ -> shares.leave());
    socket.add(channel);
    SslHandler handler = context.newHandler(channel.alloc(), handshakes);
    handler.setHandshakeTimeoutMillis(limits.handshake().toMillis());
    channel
        .pipeline()
        .addLast(handler)
        .addLast(tls.gate(PieceTransport.ALPN, CHILD, connections))
        .addLast(new Admission(parts, shares));
  }

  /// The bound port.
  ///
  /// @throws IllegalStateException before [#start]
  public int port() {
    return socket.port();
  }

  /// Open connections, authenticated or not.
  public int openConnections() {
    return shares.connections();
  }

  /// Stops accepting, ends all connections, and waits for the threads.
  @Override
  public void close() {
    socket.close();
    stop(loops);
    stop(acceptLoop);
    worker.close();
    handshakes.close();
  }

  private static void stop(EventLoopGroup group) {
    group.shutdownGracefully(0, 5, TimeUnit.SECONDS).awaitUninterruptibly();
  }
}
