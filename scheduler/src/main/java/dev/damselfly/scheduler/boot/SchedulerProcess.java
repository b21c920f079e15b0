package dev.damselfly.scheduler.boot;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.damselfly.api.id.HostPort;
import dev.damselfly.api.wire.damselfly.v1.SwarmGrpc;
import dev.damselfly.api.wire.scheduler.v2.SchedulerGrpc;
import dev.damselfly.authz.audit.Audit;
import dev.damselfly.authz.guard.Callers;
import dev.damselfly.authz.guard.GuardedChannels;
import dev.damselfly.authz.guard.GuardedServer;
import dev.damselfly.authz.guard.LegacyServer;
import dev.damselfly.authz.identity.Expected;
import dev.damselfly.authz.identity.IdentitySource;
import dev.damselfly.authz.identity.Role;
import dev.damselfly.authz.identity.RoleTemplate;
import dev.damselfly.authz.legacy.LegacyAudit;
import dev.damselfly.authz.legacy.LegacyCallers;
import dev.damselfly.authz.limits.Bound;
import dev.damselfly.authz.limits.Limits;
import dev.damselfly.authz.limits.Part;
import dev.damselfly.scheduler.announce.AnnounceConfig;
import dev.damselfly.scheduler.announce.Announcements;
import dev.damselfly.scheduler.cluster.Cluster;
import dev.damselfly.scheduler.cluster.ManagerLink;
import dev.damselfly.scheduler.gc.GarbageCollector;
import dev.damselfly.scheduler.host.Host;
import dev.damselfly.scheduler.host.HostCalls;
import dev.damselfly.scheduler.host.Hosts;
import dev.damselfly.scheduler.seed.SeedConfig;
import dev.damselfly.scheduler.seed.SeedTrigger;
import dev.damselfly.scheduler.swarm.GrantSigner;
import dev.damselfly.scheduler.swarm.SwarmRpc;
import dev.damselfly.scheduler.swarm.Swarms;
import dev.damselfly.scheduler.task.TaskCalls;
import dev.damselfly.scheduler.task.Tasks;
import dev.damselfly.scheduler.task.TupleRule;
import dev.damselfly.scheduler.time.SystemTimer;
import io.grpc.ManagedChannel;
import io.grpc.ServerInterceptors;
import io.grpc.ServerServiceDefinition;
import io.grpc.health.v1.HealthCheckResponse.ServingStatus;
import io.grpc.protobuf.services.HealthStatusManager;
import java.io.IOException;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// One scheduler: registered at the manager, serving `scheduler.v2.Scheduler`, `damselfly.v1.Swarm` and health. The
/// launcher calls [#start] once and [#close] once. Thread-safe.
public final class SchedulerProcess implements AutoCloseable {
  private static final Duration GRANT_KEY_AGE = Duration.ofDays(1);
  private static final int BACK_TO_SOURCE_PEERS = 200;

  private final SchedulerConfig config;
  private final IdentitySource identity;
  private final RoleTemplate roles;
  private final Audit audit;
  private final InstantSource clock;
  private final Limits limits = Limits.of(Part.SCHEDULER);

  @GuardedBy("this")
  private final Deque<Runnable> closers = new ArrayDeque<>();

  @GuardedBy("this")
  private @Nullable GuardedServer server;

  @GuardedBy("this")
  private @Nullable LegacyServer legacy;

  public SchedulerProcess(
      SchedulerConfig config, IdentitySource identity, RoleTemplate roles, Audit audit, InstantSource clock) {
    this.config = config;
    this.identity = identity;
    this.roles = roles;
    this.audit = config.admission().legacy().isPresent() ? new LegacyAudit(audit) : audit;
    this.clock = clock;
  }

  /// Serves, registers at the manager, and becomes active there. On failure nothing stays open.
  ///
  /// @throws IOException when the address cannot be bound, the identity is not a scheduler's, or the manager is absent
  public synchronized void start() throws IOException {
    if (server != null) {
      throw new IllegalStateException("already started");
    }
    var meaning =
        roles
            .meaningOf(identity.current().id())
            .filter(own -> own.role() == Role.SCHEDULER)
            .orElseThrow(() -> new IOException("the identity of this process is not one of a scheduler"));
    try {
      var channels = new GuardedChannels(identity, roles, audit, clock);
      closers.push(channels::close);
      var timer = new SystemTimer(clock);
      closers.push(timer::close);
      var cluster = new Cluster();
      String name = meaning.cluster().orElseThrow();
      server = serve(channels, timer, cluster, name);
      register(channels, timer, cluster, meaning.name());
    } catch (IOException | RuntimeException e) {
      closeAfter(e);
      throw e;
    }
  }

  @GuardedBy("this")
  private GuardedServer serve(GuardedChannels channels, SystemTimer timer, Cluster cluster, String clusterName)
      throws IOException {
    var hosts = new Hosts(limits.count(Bound.HOSTS));
    var tasks =
        new Tasks(
            new Tasks.Limits(
                limits.count(Bound.TASKS), limits.count(Bound.PEERS), limits.count(Bound.TASKS_PER_IDENTITY), BACK_TO_SOURCE_PEERS),
            TupleRule.WIRE,
            clock);
    var seeds = new SeedTrigger(hosts, seed -> seedChannel(channels, seed, clusterName), SeedConfig.DEFAULT, timer);
    seeds.start();
    closers.push(seeds::close);
    var random = new SecureRandom();
    var signer =
        new GrantSigner(() -> identity.current().id(), clusterName, config.swarm().mesh().grantTtl(), GRANT_KEY_AGE, clock);
    var swarms = new Swarms(new Swarms.Scope(hosts, tasks, seeds, timer, random, signer, config.swarm(), audit));
    HostCalls.Departure departure =
        host -> {
          swarms.leave(host);
          tasks.leave(host);
        };
    var hostCalls = new HostCalls(hosts, config.clusterId(), departure, audit, clock);
    var announcements =
        new Announcements(
            new Announcements.Scope(hosts, tasks, cluster, seeds, timer, random, AnnounceConfig.DEFAULT));
    var gc = new GarbageCollector(hosts, tasks, swarms, departure, timer, GarbageCollector.Rules.DEFAULT);
    gc.start();
    closers.push(gc::close);
    var scheduler =
        new SchedulerRpc(
            hostCalls, new TaskCalls(hosts, tasks, audit), announcements, seeds::announced, hosts, Callers::current);
    return listen(scheduler, new SwarmRpc(swarms, Callers::current), clusterName);
  }

  @GuardedBy("this")
  private GuardedServer listen(SchedulerRpc scheduler, SwarmRpc swarm, String clusterName) throws IOException {
    var health = new HealthStatusManager();
    var denials = new RecordedDenials(audit, Callers::current);
    var services =
        List.of(
            ServerInterceptors.intercept(Unserved.except(SchedulerPolicy.SERVED, scheduler.bindService()), denials),
            ServerInterceptors.intercept(swarm.bindService(), denials),
            health.getHealthService().bindService());
    var policy = SchedulerPolicy.policy(clusterName, config.admission().memberNetworks());
    var surroundings = new GuardedServer.Surroundings(identity, roles, audit, limits, clock);
    var serving = new GuardedServer(config.listen(), services, policy, surroundings).start();
    closers.push(serving::close);
    serveLegacy(List.of(services.getFirst(), services.getLast()), clusterName);
    health.setStatus(SchedulerGrpc.SERVICE_NAME, ServingStatus.SERVING);
    health.setStatus(SwarmGrpc.SERVICE_NAME, ServingStatus.SERVING);
    closers.push(health::enterTerminalState);
    return serving;
  }

  /// @param services without the swarm: it takes identities only
  @GuardedBy("this")
  private void serveLegacy(List<ServerServiceDefinition> services, String clusterName) throws IOException {
    if (config.admission().legacy().isEmpty()) {
      return;
    }
    var own = config.admission().legacy().get();
    var policy = SchedulerPolicy.legacyPolicy(clusterName, own.advertiseWithin());
    var place = new LegacyCallers.Place(identity.current().id().trustDomain(), clusterName);
    var serving = new LegacyServer(own, services, policy, place, audit, limits).start();
    closers.push(serving::close);
    legacy = serving;
  }

  /// Exactly the identity that the announced host must have.
  private static ManagedChannel seedChannel(GuardedChannels channels, Host seed, String cluster) {
    var expected = Expected.role(Role.SEED_PEER).inCluster(cluster).exactly(seed.owner());
    return channels.open(new HostPort(seed.ip(), seed.announced().message().getPort()), expected);
  }

  @GuardedBy("this")
  private void register(GuardedChannels channels, SystemTimer timer, Cluster cluster, String hostname) throws IOException {
    var self =
        new ManagerLink.Self(hostname, config.clusterId(), config.advertiseIp(), port(), config.idc(), config.location());
    var link =
        new ManagerLink(self, channels.open(config.manager(), Expected.role(Role.MANAGER)), cluster, timer, ManagerLink.Pace.DEFAULT);
    closers.push(link::close);
    try {
      link.start();
    } catch (ManagerLink.ManagerAbsent e) {
      throw new IOException(String.valueOf(e.getMessage()), e);
    }
  }

  private void closeAfter(Exception failure) {
    try {
      close();
    } catch (RuntimeException e) {
      failure.addSuppressed(e);
    }
  }

  /// @throws IllegalStateException before [#start]
  public synchronized int port() {
    return server().port();
  }

  /// What serves programs without an identity; absent unless it is configured and started.
  synchronized Optional<LegacyServer> legacyServer() {
    return Optional.ofNullable(legacy);
  }

  /// What serves, for tests that ask it.
  synchronized GuardedServer server() {
    if (server == null) {
      throw new IllegalStateException("not started");
    }
    return server;
  }

  /// Leaves the manager, ends running calls. Idempotent.
  @Override
  public synchronized void close() {
    RuntimeException failure = null;
    while (!closers.isEmpty()) {
      try {
        closers.pop().run();
      } catch (RuntimeException e) {
        failure = failure == null ? e : failure; // the others must still be closed
      }
    }
    if (failure != null) {
      throw failure;
    }
  }
}
