package dev.damselfly.authz.guard;

import dev.damselfly.authz.audit.Audit;
import dev.damselfly.authz.identity.Caller;
import dev.damselfly.authz.identity.IdentitySource;
import dev.damselfly.authz.identity.RoleTemplate;
import dev.damselfly.authz.limits.Bound;
import dev.damselfly.authz.limits.Limits;
import dev.damselfly.authz.limits.Part;
import dev.damselfly.authz.policy.Policy;
import dev.damselfly.authz.tls.ConnectionRegistry;
import dev.damselfly.authz.tls.HandshakeListener;
import dev.damselfly.authz.tls.TlsContexts;
import io.grpc.Attributes;
import io.grpc.Grpc;
import io.grpc.MethodDescriptor;
import io.grpc.Server;
import io.grpc.ServerCall;
import io.grpc.ServerServiceDefinition;
import io.grpc.ServerTransportFilter;
import io.grpc.netty.NettyServerBuilder;
import io.netty.channel.EventLoopGroup;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.SSLPeerUnverifiedException;

/// The only way to serve gRPC over a network: mutual TLS 1.3 with the process's SVID, then, in this order,
/// identity, limits, authorization (policy row and binding per message), rule validation, error mapping, audit.
///
/// Refuses to start when policy and services differ. Thread-safe after [#start].
public final class GuardedServer implements AutoCloseable {
  private static final Attributes.Key<Caller> CALLER = Attributes.Key.create("damselfly-caller");

  private final InetSocketAddress address;
  private final TlsContexts tls;
  private final ConnectionRegistry registry;
  private final EventLoopGroup loops;
  private final ExecutorService handlers;
  private final Guard guard;
  private final Server server;

  /// With the default limits of any process and the system clock.
  ///
  /// @param policy must have exactly one row per RPC of `services`
  public GuardedServer(
      InetSocketAddress address,
      List<ServerServiceDefinition> services,
      Policy policy,
      IdentitySource identity,
      RoleTemplate roles,
      Audit audit) {
    this(address, services, policy, new Surroundings(identity, roles, audit, Limits.of(Part.SCHEDULER), InstantSource.system()));
  }

  /// What a server stands in.
  public record Surroundings(IdentitySource identity, RoleTemplate roles, Audit audit, Limits limits, InstantSource clock) {}

  /// @throws IllegalStateException when policy and services differ
  public GuardedServer(
      InetSocketAddress address, List<ServerServiceDefinition> services, Policy policy, Surroundings surroundings) {
    policy.requireCovers(services); // before anything is opened
    this.address = address;
    this.loops = Loops.group(Math.max(1, Runtime.getRuntime().availableProcessors()));
    this.handlers = Executors.newThreadPerTaskExecutor(Thread.ofVirtual().name("rpc-", 0).factory());
    Limits limits = surroundings.limits();
    this.tls =
        new TlsContexts(
            surroundings.identity(), surroundings.roles(), surroundings.clock(), HandshakeListener.auditing(surroundings.audit()));
    this.registry = new ConnectionRegistry(surroundings.identity(), surroundings.clock());
    this.guard = new Guard(policy, surroundings.audit(), limits, System::nanoTime, GuardedServer::callerOf);
    var builder =
        NettyServerBuilder.forAddress(address)
            .protocolNegotiator(
                new ServerNegotiator(
                    tls,
                    registry,
                    new Doorway(limits, surroundings.audit(), System::nanoTime),
                    limits.time(Bound.HANDSHAKE_TIME)))
            .channelType(Loops.serverChannel())
            .bossEventLoopGroup(loops)
            .workerEventLoopGroup(loops)
            .executor(handlers)
            .addTransportFilter(new Identify())
            .maxConcurrentCallsPerConnection(limits.count(streams(limits.part())))
            .maxRstFramesPerWindow(limits.count(Bound.RESETS), Math.ceilDiv(limits.count(Bound.RESET_WINDOW), 1000))
            .permitKeepAliveTime(limits.value(Bound.KEEPALIVE_PERMIT), TimeUnit.MILLISECONDS)
            .permitKeepAliveWithoutCalls(true)
            .maxConnectionIdle(limits.value(Bound.CONNECTION_IDLE), TimeUnit.MILLISECONDS)
            .handshakeTimeout(limits.value(Bound.HANDSHAKE_TIME), TimeUnit.MILLISECONDS);
    guard.install(builder, services, limits);
    this.server = builder.build();
  }

  private static Bound streams(Part part) {
    return part == Part.SCHEDULER ? Bound.ANNOUNCE_STREAMS_PER_CONNECTION : Bound.STREAMS_PER_CONNECTION;
  }

  private static Optional<Caller> callerOf(ServerCall<?, ?> call) {
    return Optional.ofNullable(call.getAttributes().get(CALLER));
  }

  /// Verifies the session's chain once more before the first call of a connection.
  private final class Identify extends ServerTransportFilter {
    @Override
    public Attributes transportReady(Attributes transport) {
      var session = transport.get(Grpc.TRANSPORT_ATTR_SSL_SESSION);
      var remote = transport.get(Grpc.TRANSPORT_ATTR_REMOTE_ADDR);
      if (session == null || !(remote instanceof InetSocketAddress from)) {
        return transport;
      }
      try {
        return transport.toBuilder().set(CALLER, tls.callerOf(session, from)).build();
      } catch (SSLPeerUnverifiedException e) {
        return transport; // without a caller every call is refused
      }
    }
  }

  public GuardedServer start() throws IOException {
    registry.start();
    try {
      server.start();
    } catch (IOException e) {
      close();
      throw new IOException("the gRPC server cannot listen on " + address, e);
    }
    return this;
  }

  /// The bound port.
  public int port() {
    return server.getPort();
  }

  /// Every RPC that is exposed.
  public List<MethodDescriptor<?, ?>> methods() {
    return Servers.methods(server);
  }

  /// Request messages that the guard let through to handlers so far.
  public long admitted() {
    return guard.admitted();
  }

  /// Connections whose handshake is done.
  public int connections() {
    return registry.size();
  }

  /// Stops accepting, gives running calls 5 s, then ends them.
  @Override
  public void close() {
    Servers.stop(server);
    registry.close();
    handlers.shutdown();
    loops.shutdownGracefully(0, 1, TimeUnit.SECONDS);
  }
}
