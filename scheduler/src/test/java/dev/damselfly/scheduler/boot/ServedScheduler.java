package dev.damselfly.scheduler.boot;

import dev.damselfly.authz.audit.Audit;
import dev.damselfly.authz.guard.Callers;
import dev.damselfly.authz.identity.SpiffeId;
import dev.damselfly.authz.policy.Policy;
import dev.damselfly.scheduler.announce.AnnounceConfig;
import dev.damselfly.scheduler.announce.Announcements;
import dev.damselfly.scheduler.cluster.Cluster;
import dev.damselfly.scheduler.host.HostCalls;
import dev.damselfly.scheduler.host.Hosts;
import dev.damselfly.scheduler.seed.FakeSeeds;
import dev.damselfly.scheduler.swarm.GrantSigner;
import dev.damselfly.scheduler.swarm.SwarmConfig;
import dev.damselfly.scheduler.swarm.SwarmRpc;
import dev.damselfly.scheduler.swarm.Swarms;
import dev.damselfly.scheduler.task.Task;
import dev.damselfly.scheduler.task.TaskCalls;
import dev.damselfly.scheduler.task.Tasks;
import dev.damselfly.scheduler.task.TupleRule;
import dev.damselfly.scheduler.time.ManualTimer;
import io.grpc.ServerInterceptors;
import io.grpc.ServerServiceDefinition;
import io.grpc.protobuf.services.HealthStatusManager;
import java.time.Duration;
import java.util.List;
import java.util.SplittableRandom;
import org.jspecify.annotations.NullMarked;

/// The services of one scheduler as its process serves them, with fresh state, manual time and seeded chance.
@NullMarked
public final class ServedScheduler {
  public static final String CLUSTER = "east";

  private static final SpiffeId SELF = SpiffeId.parse("spiffe://test.example/damselfly/scheduler/east/s");

  public final ManualTimer timer = new ManualTimer();
  public final FakeSeeds seeds = new FakeSeeds();
  public final Hosts hosts;
  public final Tasks tasks;
  public final Swarms swarms;
  private final List<ServerServiceDefinition> services;

  /// What a scheduler holds.
  public record State(int hosts, int tasks, int peers, int swarms) {}

  /// @param signer shared between runs: making a key costs more than all the rest
  public ServedScheduler(Tasks.Limits limits, int maxHosts, GrantSigner signer, Audit audit) {
    hosts = new Hosts(maxHosts);
    tasks = new Tasks(limits, TupleRule.WIRE, timer);
    var random = new SplittableRandom(7);
    var config = SwarmConfig.DEFAULT;
    swarms = new Swarms(new Swarms.Scope(hosts, tasks, seeds, timer, random, signer, config, audit));
    HostCalls.Departure departure =
        host -> {
          swarms.leave(host);
          tasks.leave(host);
        };
    var announcements =
        new Announcements(
            new Announcements.Scope(hosts, tasks, new Cluster(), seeds, timer, random, AnnounceConfig.DEFAULT));
    var rpc =
        new SchedulerRpc(
            new HostCalls(hosts, 1, departure, audit, timer),
            new TaskCalls(hosts, tasks, audit),
            announcements,
            _ -> {},
            hosts,
            Callers::current);
    var denials = new RecordedDenials(audit, Callers::current);
    services =
        List.of(
            ServerInterceptors.intercept(Unserved.except(SchedulerPolicy.SERVED, rpc.bindService()), denials),
            ServerInterceptors.intercept(new SwarmRpc(swarms, Callers::current), denials),
            new HealthStatusManager().getHealthService().bindService());
  }

  /// A signer of its own for all runs of a test.
  public static GrantSigner signer() {
    return new GrantSigner(() -> SELF, CLUSTER, SwarmConfig.Mesh.DEFAULT.grantTtl(), Duration.ofDays(1), new ManualTimer());
  }

  public static Policy policy() {
    return SchedulerPolicy.policy(CLUSTER, List.of());
  }

  /// Of the listener without TLS.
  public static Policy legacyPolicy() {
    return SchedulerPolicy.legacyPolicy(CLUSTER, List.of());
  }

  public List<ServerServiceDefinition> services() {
    return services;
  }

  public State state() {
    List<Task> all = tasks.all();
    return new State(hosts.all().size(), all.size(), all.stream().mapToInt(Task::peerCount).sum(), swarms.count());
  }
}
