package dev.damselfly.peer.discover;

import dev.damselfly.api.error.InvalidValue;
import dev.damselfly.api.id.Digest;
import dev.damselfly.api.id.TaskId;
import dev.damselfly.api.wire.damselfly.v1.LegacyHolder;
import dev.damselfly.api.wire.damselfly.v1.ListLegacyHoldersRequest;
import dev.damselfly.api.wire.damselfly.v1.SwarmGrpc;
import dev.damselfly.authz.egress.IpLiteral;
import dev.damselfly.peer.legacy.LegacyParents;
import io.grpc.StatusRuntimeException;
import java.net.InetAddress;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;

/// Asks the scheduler of a task for hosts without an identity that have it. Thread-safe; blocking.
///
/// @param hostId id of this host
public record SchedulerHolders(Schedulers schedulers, String hostId) implements LegacyParents.Finder {
  private static final Duration PATIENCE = Duration.ofSeconds(3);

  /// Nobody, when the scheduler does not answer or says what is no address.
  @Override
  public List<InetAddress> holders(TaskId task, Digest digest, boolean hasOrigin) {
    return schedulers.owner(task).map(owner -> ask(owner, request(task, digest, hasOrigin))).orElse(List.of());
  }

  private ListLegacyHoldersRequest request(TaskId task, Digest digest, boolean hasOrigin) {
    return ListLegacyHoldersRequest.newBuilder()
        .setHostId(hostId)
        .setTaskId(task.value())
        .setDigest(digest.toString())
        .setHasOrigin(hasOrigin)
        .build();
  }

  private static List<InetAddress> ask(SchedulerNode owner, ListLegacyHoldersRequest request) {
    try {
      return SwarmGrpc.newBlockingStub(owner.channel())
          .withDeadlineAfter(PATIENCE.toMillis(), TimeUnit.MILLISECONDS)
          .listLegacyHolders(request)
          .getHoldersList()
          .stream()
          .map(LegacyHolder::getIp)
          .map(IpLiteral::parse)
          .toList();
    } catch (StatusRuntimeException | InvalidValue e) {
      return List.of();
    }
  }
}
