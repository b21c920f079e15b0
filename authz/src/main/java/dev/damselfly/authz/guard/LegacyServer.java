package dev.damselfly.authz.guard;

import dev.damselfly.authz.audit.Audit;
import dev.damselfly.authz.audit.AuditAction;
import dev.damselfly.authz.audit.AuditEvent;
import dev.damselfly.authz.audit.AuditEvent.Decision;
import dev.damselfly.authz.identity.Caller;
import dev.damselfly.authz.legacy.LegacyAudit;
import dev.damselfly.authz.legacy.LegacyCallers;
import dev.damselfly.authz.legacy.LegacyConfig;
import dev.damselfly.authz.limits.Limits;
import dev.damselfly.authz.policy.Policy;
import dev.damselfly.authz.tls.LegacyContexts;
import io.grpc.MethodDescriptor;
import io.grpc.Server;
import io.grpc.ServerServiceDefinition;
import io.grpc.netty.NettyServerBuilder;
import io.netty.channel.Channel;
import io.netty.channel.EventLoopGroup;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// gRPC for programs that have no identity, on a port of its own (D1): without TLS, or with certificates of an operator's
/// own and never without them. Every caller is
/// [dev.damselfly.authz.identity.Role#LEGACY] and named by its address; behind that the chain is the one of
/// [GuardedServer]: limits, a policy of its own, rules, error mapping, audit.
///
/// A server of this kind cannot become the one with identities, nor the other way round: they share no switch. Its start
/// is a warning in the log and a record in the audit log. Thread-safe after [#start].
public final class LegacyServer implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(LegacyServer.class);
  private static final int CALLS_PER_CONNECTION = 1000;

  private final LegacyConfig config;
  private final Audit audit;
  private final EventLoopGroup loops;
  private final ExecutorService handlers;
  private final PlainNegotiator door;
  private final Guard guard;
  private final Server server;

  /// @param policy must have exactly one row per RPC of `services`
  /// @param place where this process belongs
  /// @throws IllegalStateException when policy and services differ
  public LegacyServer(
      LegacyConfig config,
      List<ServerServiceDefinition> services,
      Policy policy,
      LegacyCallers.Place place,
      Audit audit,
      Limits limits) {
    policy.requireCovers(services); // before anything is opened
    this.config = config;
    var callers = new LegacyCallers(place, config.allowFrom());
    this.audit = new LegacyAudit(audit);
    this.loops = Loops.group(Math.max(1, Runtime.getRuntime().availableProcessors()));
    this.handlers = Executors.newThreadPerTaskExecutor(Thread.ofVirtual().name("legacy-rpc-", 0).factory());
    var refusals = new RefusedConnections("legacy-listener", this.audit, handlers);
    PlainNegotiator.Entrance entrance = channel -> admit(callers, channel);
    this.door =
        config.tls().map(LegacyContexts::grpcServer)
            .map(tls -> new PlainNegotiator(entrance, refusals, limits, tls))
            .orElseGet(() -> new PlainNegotiator(entrance, refusals, limits));
    this.guard = new Guard(policy, this.audit, limits, System::nanoTime, PlainNegotiator::callerOf);
    var builder =
        NettyServerBuilder.forAddress(config.listen())
            .protocolNegotiator(door)
            .channelType(Loops.serverChannel())
            .bossEventLoopGroup(loops)
            .workerEventLoopGroup(loops)
            .executor(handlers)
            .maxConcurrentCallsPerConnection(CALLS_PER_CONNECTION);
    guard.install(Servers.bounded(builder, limits), services, limits);
    this.server = builder.build();
  }

  private static Optional<Caller> admit(LegacyCallers callers, Channel channel) {
    return channel.remoteAddress() instanceof InetSocketAddress remote ? callers.admit(remote) : Optional.empty();
  }

  /// Listens, after the warning is written.
  ///
  /// @throws IOException when the address cannot be bound
  public LegacyServer start() throws IOException {
    LOG.warn(
        "{}: serving {} to {}. {}, and no caller is who it says.",
        LegacyAudit.WARNING,
        config.listen(),
        config.allowFrom(),
        config.tls().map(own -> "TLS with certificates " + own.until()).orElse("Nothing on this port is encrypted"));
    audit.record(
        new AuditEvent(
            AuditAction.PROCESS_START,
            "local",
            "legacy-listener",
            Decision.DONE,
            "",
            "local",
            Map.of(
                LegacyAudit.KEY,
                LegacyAudit.WARNING,
                "listen",
                config.listen().toString(),
                "tls",
                config.tls().isPresent() ? "mutual" : "none")));
    try {
      server.start();
    } catch (IOException e) {
      close();
      throw new IOException("the legacy listener cannot listen on " + config.listen(), e);
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
