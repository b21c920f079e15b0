package dev.damselfly.scheduler.task;

import dev.damselfly.api.error.Field;
import dev.damselfly.api.error.Reason;
import dev.damselfly.api.error.RequestFailure.Refused;
import dev.damselfly.api.id.TaskId;
import dev.damselfly.api.wire.scheduler.v2.DeletePeerRequest;
import dev.damselfly.api.wire.scheduler.v2.DeleteTaskRequest;
import dev.damselfly.api.wire.scheduler.v2.StatPeerRequest;
import dev.damselfly.api.wire.scheduler.v2.StatTaskRequest;
import dev.damselfly.authz.audit.Audit;
import dev.damselfly.authz.audit.AuditAction;
import dev.damselfly.authz.audit.AuditEvent;
import dev.damselfly.authz.identity.Caller;
import dev.damselfly.scheduler.host.Host;
import dev.damselfly.scheduler.host.Hosts;
import java.util.Map;
import java.util.Optional;

/// StatTask, StatPeer, DeleteTask, DeletePeer. Thread-safe.
public final class TaskCalls {
  private final Hosts hosts;
  private final Tasks tasks;
  private final Audit audit;

  public TaskCalls(Hosts hosts, Tasks tasks, Audit audit) {
    this.hosts = hosts;
    this.tasks = tasks;
    this.audit = audit;
  }

  public dev.damselfly.api.wire.common.v2.Task statTask(StatTaskRequest request) {
    return requirePublic(request.getTaskId()).message(true);
  }

  public dev.damselfly.api.wire.common.v2.Peer statPeer(StatPeerRequest request) {
    return requirePublic(request.getTaskId())
        .peerMessage(request.getPeerId())
        .orElseThrow(() -> new Refused(Reason.PEER_UNKNOWN, "the task does not have this peer"));
  }

  /// The caller's peers of the task go, in the public and the restricted swarm.
  public void deleteTask(DeleteTaskRequest request, Caller caller) {
    Host host = hosts.requireOwned(request.getHostId(), caller);
    TaskId id = taskId(request.getTaskId());
    for (PeerKey peer : tasks.peersOf(host)) {
      if (peer.task().id().equals(id)) {
        tasks.find(peer.task()).ifPresent(task -> tasks.remove(task, peer.peerId(), host));
      }
    }
    audit.record(
        new AuditEvent(
            AuditAction.TASK_DELETE,
            caller.id().toString(),
            "task:" + id,
            AuditEvent.Decision.DONE,
            "",
            caller.remote().getHostString(),
            Map.of("host", host.id())));
  }

  /// An absent peer is no error.
  public void deletePeer(DeletePeerRequest request, Caller caller) {
    Host host = hosts.requireOwned(request.getHostId(), caller);
    TaskId id = taskId(request.getTaskId());
    for (PeerKey peer : tasks.peersOf(host)) {
      if (peer.task().id().equals(id) && peer.peerId().equals(request.getPeerId())) {
        tasks.find(peer.task()).ifPresent(task -> tasks.remove(task, peer.peerId(), host));
      }
    }
  }

  private Task requirePublic(String taskId) {
    Optional<Task> task = tasks.find(TaskKey.publicTask(taskId(taskId)));
    return task.orElseThrow(() -> new Refused(Reason.TASK_UNKNOWN, "the scheduler does not know this task"));
  }

  private static TaskId taskId(String text) {
    return Field.parse("task_id", () -> new TaskId(text));
  }
}
