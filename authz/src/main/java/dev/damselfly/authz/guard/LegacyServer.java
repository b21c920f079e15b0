package dev.damselfly.authz.guard;

import dev.damselfly.authz.audit.Audit;
import dev.damselfly.authz.audit.AuditAction;
import dev.damselfly.authz.audit.AuditEvent;
import dev.damselfly.authz.audit.AuditEvent.Decision;
import dev.damselfly.authz.identity.Caller;
import dev.damselfly.authz.legacy.LegacyAudit;
import dev.damselfly.authz.legacy.LegacyCallers;
import dev.damselfly.authz.legacy.LegacyConfig;
import dev.damselfly.authz.limits.Bound;
import dev.damselfly.authz.limits.Limits;
import dev.damselfly.authz.limits.TokenBucket;
import dev.damselfly.authz.policy.Policy;
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
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// gRPC without TLS for programs that have no identity, on a port of its own (D1). Every caller is
/// [dev.damselfly.authz.identity.Role#LEGACY] and named by its address; behind that the chain is the one of
/// [GuardedServer]: limits, a policy of its own, rules, error mapping, audit.
///
/// A server of this kind cannot become the one with identities, nor the other way round: they share no switch. Its start
/// is a warning in the log and a record in the audit log. Thread-safe after [#start].
public final class LegacyServer implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(LegacyServer.class);
  private static final Attributes.Key<Caller> CALLER = Attributes.Key.create("damselfly-legacy-caller");
  private static final int CALLS_PER_CONNECTION = 1000;
  private static final long RECORDS_PER_SECOND = 10;

  private final LegacyConfig config;
  private final LegacyCallers callers;
  private final Audit audit;
  private final EventLoopGroup loops;
  private final ExecutorService handlers;
  private final TokenBucket records = new TokenBucket(RECORDS_PER_SECOND, System::nanoTime);
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
    this.callers = new LegacyCallers(place, config.allowFrom());
    this.audit = new LegacyAudit(audit);
    this.loops = Loops.group(Math.max(1, Runtime.getRuntime().availableProcessors()));
    this.handlers = Executors.newThreadPerTaskExecutor(Thread.ofVirtual().name("legacy-rpc-", 0).factory());
    this.door = new PlainNegotiator(callers, this::refused, limits);
    this.guard = new Guard(policy, this.audit, limits, System::nanoTime, LegacyServer::callerOf);
    var builder =
        NettyServerBuilder.forAddress(config.listen())
            .protocolNegotiator(door)
            .channelType(Loops.serverChannel())
            .bossEventLoopGroup(loops)
            .workerEventLoopGroup(loops)
            .executor(handlers)
            .addTransportFilter(new Identify())
            .maxConcurrentCallsPerConnection(CALLS_PER_CONNECTION)
            .maxRstFramesPerWindow(
                limits.count(Bound.RESETS), Math.max(1, Math.toIntExact(limits.time(Bound.RESET_WINDOW).toSeconds())))
            .permitKeepAliveTime(limits.value(Bound.KEEPALIVE_PERMIT), TimeUnit.MILLISECONDS)
            .permitKeepAliveWithoutCalls(true)
            .maxConnectionIdle(limits.value(Bound.CONNECTION_IDLE), TimeUnit.MILLISECONDS)
            .maxConnectionAge(limits.value(Bound.CONNECTION_AGE), TimeUnit.MILLISECONDS)
            .maxConnectionAgeGrace(limits.value(Bound.CONNECTION_GRACE), TimeUnit.MILLISECONDS);
    guard.install(builder, services, limits);
    this.server = builder.build();
  }

  private static Optional<Caller> callerOf(ServerCall<?, ?> call) {
    return Optional.ofNullable(call.getAttributes().get(CALLER));
  }

  private final class Identify extends ServerTransportFilter {
    @Override
    public Attributes transportReady(Attributes transport) {
      return transport.get(Grpc.TRANSPORT_ATTR_REMOTE_ADDR) instanceof InetSocketAddress remote
          ? callers.admit(remote).map(caller -> transport.toBuilder().set(CALLER, caller).build()).orElse(transport)
          : transport; // without a caller every call is refused
    }
  }

  /// Off the event loop; who floods the port does not flood the log.
  private void refused(Optional<Caller> caller, String remote) {
    if (records.tryTake()) {
      try {
        handlers.execute(() -> record(caller, remote));
      } catch (RejectedExecutionException e) {
        LOG.debug("the listener is closing"); // the connection is refused either way
      }
    }
  }

  private void record(Optional<Caller> caller, String remote) {
    var action = caller.isPresent() ? AuditAction.LIMIT_HIT : AuditAction.AUTHN_FAILURE;
    String reason = caller.isPresent() ? "CONNECTIONS" : "NOT_ADMITTED";
    String actor = caller.map(known -> known.id().toString()).orElse("anonymous");
    try {
      audit.record(new AuditEvent(action, actor, "legacy-listener", Decision.DENY, reason, remote, Map.of()));
    } catch (Audit.AuditUnavailable e) {
      LOG.error("a refused legacy connection could not be audited", e); // it stays refused
    }
  }

  /// Listens, after the warning is written.
  ///
  /// @throws IOException when the address cannot be bound
  public LegacyServer start() throws IOException {
    LOG.warn(
        "{}: serving {} to {}. Nothing on this port is encrypted, and no caller is who it says.",
        LegacyAudit.WARNING, config.listen(), config.allowFrom());
    audit.record(
        new AuditEvent(
            AuditAction.PROCESS_START,
            "local",
            "legacy-listener",
            Decision.DONE,
            "",
            "local",
            Map.of(LegacyAudit.KEY, LegacyAudit.WARNING, "listen", config.listen().toString())));
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
