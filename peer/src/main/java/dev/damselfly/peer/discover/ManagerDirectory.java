package dev.damselfly.peer.discover;

import com.google.protobuf.ByteString;
import dev.damselfly.api.error.InvalidValue;
import dev.damselfly.api.error.Reason;
import dev.damselfly.api.error.RequestFailure.Refused;
import dev.damselfly.api.id.HostPort;
import dev.damselfly.api.wire.manager.v2.ListSchedulersRequest;
import dev.damselfly.api.wire.manager.v2.ManagerGrpc;
import dev.damselfly.api.wire.manager.v2.Scheduler;
import dev.damselfly.api.wire.manager.v2.SourceType;
import io.grpc.Channel;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/// Asks the manager which schedulers there are for this host (download-flow 2.1).
public final class ManagerDirectory implements Directory {
  private static final Duration DEADLINE = Duration.ofSeconds(10);
  private static final int MAX_SCHEDULERS = 1000;

  private final Channel manager;
  private final HostSelf self;
  private final Consumer<ByteString> settings;

  /// @param manager a channel that expects the manager's identity
  /// @param settings is told the configuration of this host's kind of peer in each answer that names a cluster; empty when
  ///     the manager has none to tell
  public ManagerDirectory(Channel manager, HostSelf self, Consumer<ByteString> settings) {
    this.manager = manager;
    this.self = self;
    this.settings = settings;
  }

  @Override
  public List<Named> ask() {
    var request =
        ListSchedulersRequest.newBuilder()
            .setSourceType(self.seed() ? SourceType.SEED_PEER_SOURCE : SourceType.PEER_SOURCE)
            .setHostname(self.hostname())
            .setIp(self.ip())
            .setVersion(HostFacts.version())
            .setCommit("unknown");
    if (!self.idc().isEmpty()) {
      request.setIdc(self.idc());
    }
    if (!self.location().isEmpty()) {
      request.setLocation(self.location());
    }
    try {
      var response =
          ManagerGrpc.newBlockingStub(manager)
              .withWaitForReady()
              .withDeadlineAfter(DEADLINE.toMillis(), TimeUnit.MILLISECONDS)
              .listSchedulers(request.build());
      tellSettings(response.getSchedulersList());
      return named(response.getSchedulersList());
    } catch (StatusRuntimeException e) {
      if (e.getStatus().getCode() == Status.Code.NOT_FOUND) {
        return List.of();
      }
      throw new Refused(Reason.BACKEND_DOWN, "manager: the list of schedulers cannot be read (" + e.getStatus().getCode() + ")");
    }
  }

  /// All rows are of clusters that this identity is attested for; the best one counts, as it does for schedulers.
  private void tellSettings(List<Scheduler> schedulers) {
    if (!schedulers.isEmpty()) {
      var cluster = schedulers.getFirst().getSchedulerCluster();
      settings.accept(self.seed() ? cluster.getSeedClientConfig() : cluster.getClientConfig());
    }
  }

  private static List<Named> named(List<Scheduler> schedulers) {
    var all = new ArrayList<Named>();
    for (Scheduler scheduler : schedulers.subList(0, Math.min(schedulers.size(), MAX_SCHEDULERS))) {
      named(scheduler).ifPresent(all::add);
    }
    return all;
  }

  /// One unusable row does not take the others away.
  private static Optional<Named> named(Scheduler scheduler) {
    try {
      var address = new HostPort(scheduler.getIp(), scheduler.getPort());
      String name = scheduler.getHostname().isEmpty() ? address.toString() : scheduler.getHostname();
      return Optional.of(new Named(scheduler.getId(), scheduler.getSchedulerClusterId(), name, address));
    } catch (InvalidValue e) {
      return Optional.empty();
    }
  }
}
