package dev.damselfly.peer.discover;

import com.google.protobuf.Duration;
import dev.damselfly.api.error.GrpcErrors;
import dev.damselfly.api.error.Reason;
import dev.damselfly.api.error.RequestFailure.Refused;
import dev.damselfly.api.id.HostPort;
import dev.damselfly.api.wire.scheduler.v2.AnnounceHostRequest;
import dev.damselfly.api.wire.scheduler.v2.DeleteHostRequest;
import dev.damselfly.api.wire.scheduler.v2.SchedulerGrpc;
import io.grpc.StatusRuntimeException;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Makes this host known to schedulers (download-flow 2.4). Blocking, within deadlines. Thread-safe.
public final class HostAnnouncer {
  public static final java.time.Duration INTERVAL = java.time.Duration.ofMinutes(5);
  private static final long DEADLINE_SECONDS = 10;
  private static final long LEAVE_SECONDS = 2;
  private static final Logger LOG = LoggerFactory.getLogger(HostAnnouncer.class);

  private final HostFacts facts;
  private final Set<HostPort> known = ConcurrentHashMap.newKeySet();

  public HostAnnouncer(HostFacts facts) {
    this.facts = facts;
  }

  boolean knows(SchedulerNode node) {
    return known.contains(node.address());
  }

  /// The scheduler forgot this host; the next refresh announces it again.
  public void forget(SchedulerNode node) {
    known.remove(node.address());
  }

  /// @throws Refused BACKEND_DOWN, or the reason that the scheduler gave
  void announce(SchedulerNode node) {
    var request =
        AnnounceHostRequest.newBuilder()
            .setHost(facts.measure().toBuilder().setSchedulerClusterId(node.clusterId()))
            .setInterval(Duration.newBuilder().setSeconds(INTERVAL.toSeconds()))
            .build();
    try {
      SchedulerGrpc.newBlockingStub(node.channel())
          .withDeadlineAfter(DEADLINE_SECONDS, TimeUnit.SECONDS)
          .announceHost(request);
      known.add(node.address());
    } catch (StatusRuntimeException e) {
      known.remove(node.address());
      throw new Refused(
          GrpcErrors.reasonOf(e).orElse(Reason.BACKEND_DOWN),
          "scheduler " + node.hostname() + ": it does not take this host (" + e.getStatus().getCode() + ")");
    }
  }

  void announceQuietly(SchedulerNode node) {
    try {
      announce(node);
    } catch (Refused refused) {
      LOG.atWarn().addKeyValue("reason", refused.reason()).log("announcement failed: {}", refused.safeText());
    }
  }

  void leave(SchedulerNode node) {
    try {
      SchedulerGrpc.newBlockingStub(node.channel())
          .withDeadlineAfter(LEAVE_SECONDS, TimeUnit.SECONDS)
          .deleteHost(DeleteHostRequest.newBuilder().setHostId(facts.measure().getId()).build());
    } catch (StatusRuntimeException e) {
      LOG.debug("a scheduler did not hear that this host leaves"); // it notices by the missing announcements
    }
  }
}
