package dev.damselfly.authz.guard;

import dev.damselfly.api.error.GrpcErrors;
import dev.damselfly.authz.audit.Audit;
import dev.damselfly.authz.identity.Caller;
import dev.damselfly.authz.limits.Bound;
import dev.damselfly.authz.limits.Limits;
import dev.damselfly.authz.policy.Policy;
import io.grpc.MethodDescriptor;
import io.grpc.Server;
import io.grpc.ServerServiceDefinition;
import io.grpc.netty.NettyServerBuilder;
import io.netty.channel.Channel;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.socket.nio.NioChannelOption;
import io.netty.channel.socket.nio.NioServerDomainSocketChannel;
import java.io.IOException;
import java.net.UnixDomainSocketAddress;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import jdk.net.ExtendedSocketOptions;
import jdk.net.UnixDomainPrincipal;

/// gRPC for users of this host, on a Unix socket. The kernel says who connected; behind that the chain is the one of
/// [GuardedServer]: limits, a policy of its own, rules, error mapping, audit. Failures are told in the form that the tools
/// of the v2 API read. Thread-safe after [#start].
public final class UnixServer implements AutoCloseable {
  private static final int LOOPS = 2;
  private static final int WINDOW = 1 << 20;

  private final ExecutorService handlers;
  private final EventLoopGroup loops;
  private final PlainNegotiator door;
  private final Guard guard;
  private final Server server;

  /// @param people who may connect, as which caller
  /// @param policy must have exactly one row per RPC of `services`
  /// @throws IllegalStateException when policy and services differ
  public UnixServer(
      Path socket,
      Function<UnixDomainPrincipal, Optional<Caller>> people,
      List<ServerServiceDefinition> services,
      Policy policy,
      Audit audit,
      Limits limits) {
    policy.requireCovers(services); // before anything is opened
    this.loops = Loops.ofTheJdk(LOOPS);
    this.handlers = Executors.newThreadPerTaskExecutor(Thread.ofVirtual().name("unix-rpc-", 0).factory());
    this.door = new PlainNegotiator(channel -> admit(people, channel), new RefusedConnections("unix-socket", audit, handlers), limits);
    this.guard =
        new Guard(policy, audit, limits, System::nanoTime, PlainNegotiator::callerOf, GrpcErrors::toToolStatus);
    var builder =
        NettyServerBuilder.forAddress(UnixDomainSocketAddress.of(socket))
            .protocolNegotiator(door)
            .channelType(NioServerDomainSocketChannel.class)
            .bossEventLoopGroup(loops)
            .workerEventLoopGroup(loops)
            .executor(handlers)
            .withChildOption(ChannelOption.SO_KEEPALIVE, null) // set by default; a Unix socket has no such thing
            .initialFlowControlWindow(WINDOW)
            .maxConcurrentCallsPerConnection(limits.count(Bound.STREAMS_PER_CONNECTION));
    guard.install(Servers.bounded(builder, limits), services, limits);
    this.server = builder.build();
  }

  private static Optional<Caller> admit(Function<UnixDomainPrincipal, Optional<Caller>> people, Channel channel) {
    return Optional.ofNullable(channel.config().getOption(NioChannelOption.of(ExtendedSocketOptions.SO_PEERCRED))).flatMap(people);
  }

  /// Listens. The mode of the socket is the caller's to set: who connects earlier is checked all the same.
  ///
  /// @throws IOException when the socket cannot be made
  public UnixServer start() throws IOException {
    try {
      server.start();
    } catch (IOException e) {
      close();
      throw e;
    }
    return this;
  }

  /// Every RPC that is exposed.
  public List<MethodDescriptor<?, ?>> methods() {
    return Servers.methods(server);
  }

  /// Request messages that the guard let through to handlers so far.
  public long admitted() {
    return guard.admitted();
  }

  /// Open connections.
  public int connections() {
    return door.connections();
  }

  /// Stops accepting, gives running calls 5 s, then ends them.
  @Override
  public void close() {
    Servers.stop(server);
    handlers.shutdown();
    loops.shutdownGracefully(0, 1, TimeUnit.SECONDS);
  }
}
