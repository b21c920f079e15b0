package dev.damselfly.peer.discover;

import dev.damselfly.api.error.Reason;
import dev.damselfly.api.error.RequestFailure.Refused;
import dev.damselfly.api.id.TaskId;
import dev.damselfly.api.wire.common.v2.Task;
import dev.damselfly.api.wire.scheduler.v2.SchedulerGrpc;
import dev.damselfly.api.wire.scheduler.v2.StatTaskRequest;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import java.time.Duration;
import java.util.concurrent.TimeUnit;

/// Asks schedulers about tasks. Thread-safe.
///
/// @param hostId id of this host
public record SchedulerTasks(Schedulers schedulers, String hostId) {
  private static final Duration PATIENCE = Duration.ofSeconds(10);

  /// What the scheduler that owns the task knows of it. Blocks.
  ///
  /// @throws Refused TASK_UNKNOWN, or BACKEND_DOWN when it does not answer
  public Task stat(TaskId id) {
    SchedulerNode owner =
        schedulers.owner(id).orElseThrow(() -> new Refused(Reason.BACKEND_DOWN, "daemon: no scheduler answers"));
    try {
      return SchedulerGrpc.newBlockingStub(owner.channel())
          .withDeadlineAfter(PATIENCE.toSeconds(), TimeUnit.SECONDS)
          .statTask(StatTaskRequest.newBuilder().setHostId(hostId).setTaskId(id.value()).build());
    } catch (StatusRuntimeException e) {
      throw e.getStatus().getCode() == Status.Code.NOT_FOUND
          ? new Refused(Reason.TASK_UNKNOWN, "task " + id + " not found")
          : new Refused(Reason.BACKEND_DOWN, "daemon: the scheduler of the task does not answer");
    }
  }
}
