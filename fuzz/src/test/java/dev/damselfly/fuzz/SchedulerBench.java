package dev.damselfly.fuzz;

import com.google.protobuf.Message;
import dev.damselfly.api.error.InvalidValue;
import dev.damselfly.api.error.RequestFailure;
import dev.damselfly.api.id.TaskTuple;
import dev.damselfly.api.wire.common.v2.Download;
import dev.damselfly.api.wire.common.v2.Host;
import dev.damselfly.authz.audit.Audit;
import dev.damselfly.authz.guard.InProcessGuard;
import dev.damselfly.authz.identity.Caller;
import dev.damselfly.authz.identity.Role;
import dev.damselfly.authz.limits.Limits;
import dev.damselfly.authz.limits.Part;
import dev.damselfly.scheduler.boot.ServedScheduler;
import dev.damselfly.scheduler.swarm.GrantSigner;
import dev.damselfly.scheduler.task.Tasks;
import io.grpc.Channel;
import java.time.Duration;
import java.util.List;

/// One guarded scheduler for all runs, with fresh state for each.
final class SchedulerBench {
  static final Tasks.Limits LIMITS = new Tasks.Limits(4, 8, 4, 2);
  static final int MAX_HOSTS = 3;

  private static final GrantSigner SIGNER = ServedScheduler.signer();
  private static final Audit AUDIT = event -> Canary.requireAbsent(event.toString());

  private final InProcessGuard guard;
  private ServedScheduler served;

  SchedulerBench() {
    served = new ServedScheduler(LIMITS, MAX_HOSTS, SIGNER, AUDIT);
    guard = new InProcessGuard(served.services(), ServedScheduler.policy(), AUDIT, Limits.of(Part.SCHEDULER));
  }

  /// A new scheduler that knows the hosts, and has seeds if told so.
  ServedScheduler fresh(List<Caller> hosts, boolean seeds) {
    served = new ServedScheduler(LIMITS, MAX_HOSTS, SIGNER, AUDIT);
    guard.exchange(served.services());
    guard.pass(Duration.ofSeconds(10));
    served.seeds.available(seeds);
    for (Caller caller : hosts) {
      var announced =
          new dev.damselfly.scheduler.host.Host.Announced(host(caller), Duration.ofMinutes(5), served.timer.instant());
      served.hosts.announce(caller, People.hostId(caller), announced);
    }
    return served;
  }

  ServedScheduler served() {
    return served;
  }

  Channel as(Caller caller) {
    return guard.as(caller);
  }

  /// @throws AssertionError when the state is beyond its bounds
  void requireBounded() {
    ServedScheduler.State now = served.state();
    if (now.hosts() > MAX_HOSTS || now.tasks() > LIMITS.tasks() || now.peers() > LIMITS.peers()) {
      throw new AssertionError("more state than the limits allow: " + now);
    }
  }

  static Host host(Caller caller) {
    return Host.newBuilder()
        .setId(People.hostId(caller))
        .setHostname(caller.name())
        .setIp(caller.remote().getAddress().getHostAddress())
        .setPort(4000)
        .setDownloadPort(4001)
        .setType(caller.role() == Role.SEED_PEER ? 1 : 0)
        .build();
  }

  static Download download(int number, int pieces) {
    return Download.newBuilder()
        .setUrl("https://example.org/" + number)
        .setTag("t")
        .setApplication("a")
        .setActualContentLength(pieces * (4L << 20))
        .setActualPieceLength(4L << 20)
        .setActualPieceCount(pieces)
        .build();
  }

  /// The id of the download's task; zeros when it has none.
  static String taskId(Message download) {
    try {
      return TaskTuple.of((Download) download).id().value();
    } catch (RequestFailure | InvalidValue e) {
      return "0".repeat(64);
    }
  }
}
