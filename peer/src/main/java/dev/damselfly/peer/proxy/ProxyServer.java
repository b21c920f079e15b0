package dev.damselfly.peer.proxy;

import dev.damselfly.authz.audit.Audit;
import dev.damselfly.authz.egress.IpLiteral;
import dev.damselfly.authz.limits.Limits;
import dev.damselfly.peer.download.Downloads;
import dev.damselfly.peer.transfer.PieceTransport;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.group.ChannelGroup;
import io.netty.channel.group.DefaultChannelGroup;
import io.netty.util.concurrent.GlobalEventExecutor;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.time.InstantSource;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The listener of the registry mirror: HTTP/1.1 on loopback. [#start] and [#close] are called once, by the boot. Thread-safe.
public final class ProxyServer implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(ProxyServer.class);
  private static final int BACKLOG = 1024;

  private final ProxyConfig config;
  private final ProxyLimits limits;
  private final InstantSource clock;
  private final Mirror mirror;
  private final Semaphore requests;
  private final AtomicInteger connections = new AtomicInteger();
  private final EventLoopGroup loops = PieceTransport.loops("proxy");
  private final ChannelGroup open = new DefaultChannelGroup(GlobalEventExecutor.INSTANCE, true);
  private final ExecutorService threads = Executors.newThreadPerTaskExecutor(Thread.ofVirtual().name("proxy-", 0).factory());
  private volatile @Nullable Channel server;

  /// @param servers asks registries and web servers, through the egress gate
  public ProxyServer(
      ProxyConfig config, Downloads downloads, Forwarder servers, Audit audit, Limits limits, InstantSource clock) {
    this.config = config;
    this.limits = ProxyLimits.of(limits);
    this.clock = clock;
    this.requests = new Semaphore(this.limits.requests());
    this.mirror =
        new Mirror(
            this.limits.head(),
            new Reception(
                new Doorkeeper(config.callers(), this.limits.unknownCallers(), System::nanoTime),
                new Upstreams(config.upstreams()),
                config.sites()),
            Blobs.of(downloads),
            servers,
            audit,
            this.limits.maxBody());
  }

  /// @throws IOException when the address cannot be bound
  public ProxyServer start() throws IOException {
    var bound =
        new ServerBootstrap()
            .group(loops)
            .channel(PieceTransport.serverChannel())
            .option(ChannelOption.SO_BACKLOG, BACKLOG)
            .option(ChannelOption.SO_REUSEADDR, true)
            .childOption(ChannelOption.TCP_NODELAY, true)
            .childHandler(
                new ChannelInitializer<Channel>() {
                  @Override
                  protected void initChannel(Channel channel) {
                    accept(channel);
                  }
                })
            .bind(config.listen())
            .awaitUninterruptibly();
    if (!bound.isSuccess()) {
      throw new IOException("the registry mirror cannot listen on " + config.listen(), bound.cause());
    }
    server = bound.channel();
    return this;
  }

  private void accept(Channel channel) {
    if (connections.incrementAndGet() > limits.connections()) {
      connections.decrementAndGet();
      channel.close(); // B-25: the newest is refused
      return;
    }
    channel.closeFuture().addListener(_ -> connections.decrementAndGet());
    open.add(channel);
    channel.pipeline().addLast(new ProxyConnection(limits, this::begin));
  }

  private void begin(ChannelHandlerContext connection, byte[] head, boolean tooLong, ProxyConnection.Work.Then then) {
    try {
      threads.execute(() -> serve(connection.channel(), head, tooLong, then));
    } catch (RejectedExecutionException stopping) {
      connection.close();
    }
  }

  /// One request, on its own thread.
  private void serve(Channel channel, byte[] head, boolean tooLong, ProxyConnection.Work.Then then) {
    boolean keepAlive = false;
    boolean admitted = requests.tryAcquire();
    var reply = new ChannelReply(channel, limits.stall(), clock);
    try {
      var local = (InetSocketAddress) channel.localAddress();
      if (!admitted) {
        mirror.busy(reply);
      } else if (tooLong) {
        mirror.tooLong(source(channel), reply);
      } else {
        keepAlive = mirror.answer(head, local, source(channel), reply);
      }
      reply.flush();
    } catch (IOException e) {
      keepAlive = false; // the caller hung up
    } catch (InterruptedException e) {
      keepAlive = false;
      Thread.currentThread().interrupt();
    } catch (RuntimeException e) { // top of a thread
      keepAlive = false;
      LOG.error("a request to the registry mirror ended by a bug", e);
    } finally {
      if (admitted) {
        requests.release();
      }
      finish(then, keepAlive);
    }
  }

  private static void finish(ProxyConnection.Work.Then then, boolean keepAlive) {
    try {
      then.done(keepAlive);
    } catch (RejectedExecutionException stopping) {
      LOG.debug("a connection ended together with the mirror");
    }
  }

  private static String source(Channel channel) {
    return channel.remoteAddress() instanceof InetSocketAddress address
        ? IpLiteral.text(address.getAddress()) + ":" + address.getPort()
        : "unknown";
  }

  /// The bound port.
  ///
  /// @throws IllegalStateException before [#start]
  public int port() {
    Channel listening = server;
    if (listening == null) {
      throw new IllegalStateException("the registry mirror was not started");
    }
    return ((InetSocketAddress) listening.localAddress()).getPort();
  }

  /// Stops accepting, ends all connections, and waits for the threads.
  @Override
  public void close() {
    Channel listening = server;
    if (listening != null) {
      listening.close().awaitUninterruptibly();
    }
    open.close().awaitUninterruptibly();
    threads.shutdownNow();
    loops.shutdownGracefully(0, 5, TimeUnit.SECONDS).awaitUninterruptibly();
    threads.close();
  }
}
