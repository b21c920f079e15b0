package dev.damselfly.peer.transfer;

import dev.damselfly.authz.audit.Audit;
import dev.damselfly.authz.identity.Expected;
import dev.damselfly.authz.identity.Role;
import dev.damselfly.authz.tls.ConnectionRegistry;
import dev.damselfly.authz.tls.TlsContexts;
import io.netty.bootstrap.Bootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoop;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.FixedRecvByteBufAllocator;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslHandler;
import io.netty.util.concurrent.DefaultThreadFactory;
import java.time.Duration;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;

/// Opens connections to parents. Thread-safe.
///
/// Hashing and writing run on as many threads as there are cores, one serial queue per link; what may wait in a queue
/// is bounded per link by [TransferLimits#queuedBytes].
public final class ParentLinks implements AutoCloseable {
  private static final Expected ANY_PEER =
      new Expected(Set.of(Role.PEER, Role.SEED_PEER), Optional.empty(), Optional.empty());
  private static final Duration LAST_WORK = Duration.ofSeconds(10);

  private final TlsContexts tls;
  private final ConnectionRegistry connections;
  private final Audit audit;
  private final TransferLimits limits;
  private final SslContext context;
  private final EventLoopGroup loops = PieceTransport.loops("piece-download");
  private final ExecutorService hashing = pool("piece-hash");
  private final ExecutorService handshakes = pool("parent-handshake");
  private final Set<TlsParentLink> open = ConcurrentHashMap.newKeySet();
  private volatile boolean closed;

  /// @param audit hears of parents that send wrong bytes
  public ParentLinks(TlsContexts tls, ConnectionRegistry connections, Audit audit, TransferLimits limits) {
    this.tls = tls;
    this.connections = connections;
    this.audit = audit;
    this.limits = limits;
    this.context = tls.client(PieceTransport.ALPN, ANY_PEER);
  }

  private static ExecutorService pool(String name) {
    int threads = Math.clamp(Runtime.getRuntime().availableProcessors(), 2, 32);
    return Executors.newFixedThreadPool(threads, new DefaultThreadFactory(name, true));
  }

  /// Starts connecting and shows the grant; what happens is told to the listener.
  ///
  /// @throws IllegalStateException after [#close]
  public ParentLink open(ParentRef parent, ParentLink.Listener listener) {
    if (closed) {
      throw new IllegalStateException("closed");
    }
    EventLoop loop = loops.next();
    TlsParentLink.Dialer dialer = (link, session) -> dial(loop, link, session);
    var link = new TlsParentLink(parent, listener, audit, new SerialQueue(hashing), loop, limits, dialer, open::remove);
    open.add(link);
    link.start();
    return link;
  }

  private void dial(EventLoop loop, TlsParentLink link, LinkSession session) {
    ParentRef parent = link.parent();
    new Bootstrap()
        .group(loop)
        .channel(PieceTransport.clientChannel())
        .option(ChannelOption.CONNECT_TIMEOUT_MILLIS, Math.toIntExact(limits.connect().toMillis()))
        .option(ChannelOption.TCP_NODELAY, true)
        .option(ChannelOption.SO_KEEPALIVE, true)
        .option(ChannelOption.RECVBUF_ALLOCATOR, new FixedRecvByteBufAllocator(PieceTransport.RECEIVE))
        .handler(
            new ChannelInitializer<Channel>() {
              @Override
              protected void initChannel(Channel channel) {
                join(channel, link, session);
              }
            })
        .connect(parent.address().host(), parent.address().port())
        .addListener(
            done -> {
              if (!done.isSuccess()) {
                session.end(ParentLink.Failure.UNREACHABLE);
              }
            });
  }

  private void join(Channel channel, TlsParentLink link, LinkSession session) {
    SslHandler handler = context.newHandler(channel.alloc(), handshakes);
    handler.setHandshakeTimeoutMillis(limits.handshake().toMillis());
    handler.handshakeFuture().addListener(done -> session.handshake(done.cause()));
    var expected = ANY_PEER.exactly(link.parent().spiffeId());
    channel
        .pipeline()
        .addLast(handler)
        .addLast(tls.gate(PieceTransport.ALPN, expected, connections, link::replace))
        .addLast(session);
    session.connected(channel);
  }

  /// Open links.
  public int size() {
    return open.size();
  }

  /// Ends all links and waits for their hashing work.
  @Override
  public void close() {
    closed = true;
    open.forEach(TlsParentLink::close);
    long deadline = System.nanoTime() + LAST_WORK.toNanos();
    try {
      for (TlsParentLink link : open) {
        link.awaitOver(Math.max(0, deadline - System.nanoTime()));
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    loops.shutdownGracefully(0, 5, TimeUnit.SECONDS).awaitUninterruptibly();
    hashing.close();
    handshakes.close();
  }
}
