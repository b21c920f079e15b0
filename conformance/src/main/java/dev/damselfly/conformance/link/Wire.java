package dev.damselfly.conformance.link;

import io.grpc.BindableService;
import io.grpc.Channel;
import io.grpc.ClientInterceptors;
import io.grpc.ManagedChannel;
import io.grpc.Server;
import io.grpc.ServerInterceptors;
import io.grpc.netty.NettyChannelBuilder;
import io.grpc.netty.NettyServerBuilder;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.channel.socket.nio.NioSocketChannel;
import io.netty.util.concurrent.DefaultThreadFactory;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.ConcurrentLinkedDeque;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/// Opens the channels and servers of one case; [#close] ends them all. Thread-safe.
public final class Wire implements AutoCloseable {
  private static final int MAX_MESSAGE = 64 << 20;
  private static final EventLoopGroup LOOPS =
      new MultiThreadIoEventLoopGroup(2, new DefaultThreadFactory("dfconf-net", true), NioIoHandler.newFactory());

  /// Lives as long as the process: a connection may still speak when its case is over.
  private static final ExecutorService EXECUTOR = Executors.newVirtualThreadPerTaskExecutor();

  private final Transcript transcript;
  private final Deque<Runnable> closers = new ConcurrentLinkedDeque<>();

  public Wire(Transcript transcript) {
    this.transcript = transcript;
  }

  /// The loops of every connection of the suite.
  static EventLoopGroup loops() {
    return LOOPS;
  }

  /// A recorded channel.
  ///
  /// @param actor who of the suite opens it
  public Channel channel(String actor, Endpoint to, Credentials credentials) {
    NettyChannelBuilder builder =
        NettyChannelBuilder.forAddress(new InetSocketAddress(to.host(), to.port()))
            .channelType(NioSocketChannel.class)
            .eventLoopGroup(LOOPS)
            .executor(EXECUTOR)
            .maxInboundMessageSize(MAX_MESSAGE);
    var tls = credentials.client();
    if (tls.isPresent()) {
      builder.sslContext(tls.get()).overrideAuthority("localhost");
    } else {
      builder.usePlaintext();
    }
    ManagedChannel channel = builder.build();
    closers.push(channel::shutdownNow);
    return ClientInterceptors.intercept(channel, new Recorder(actor, transcript));
  }

  /// A recorded server on a free port of the loopback address, with the end of streams that Go servers show: an
  /// answered stream is reset when the caller keeps its side open.
  public Endpoint serve(String actor, Credentials credentials, List<BindableService> services) {
    var builder =
        NettyServerBuilder.forAddress(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))
            .channelType(NioServerSocketChannel.class)
            .bossEventLoopGroup(LOOPS)
            .workerEventLoopGroup(LOOPS)
            .executor(EXECUTOR)
            .permitKeepAliveTime(10, java.util.concurrent.TimeUnit.SECONDS)
            .permitKeepAliveWithoutCalls(true)
            .maxInboundMessageSize(MAX_MESSAGE);
    StreamReset.install(builder, credentials.server());
    var recorder = new Recorder(actor, transcript);
    services.forEach(service -> builder.addService(ServerInterceptors.intercept(service, recorder)));
    try {
      Server server = builder.build().start();
      closers.push(server::shutdownNow);
      return new Endpoint("127.0.0.1", server.getPort());
    } catch (IOException e) {
      throw new UncheckedIOException("a counterpart cannot listen", e);
    }
  }

  /// Ends a server or connection before the case ends.
  public void onClose(Runnable closer) {
    closers.push(closer);
  }

  @Override
  public void close() {
    for (Runnable closer = closers.poll(); closer != null; closer = closers.poll()) {
      closer.run();
    }
  }
}
