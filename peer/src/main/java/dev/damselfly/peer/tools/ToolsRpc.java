package dev.damselfly.peer.tools;

import com.google.protobuf.Empty;
import dev.damselfly.api.error.Field;
import dev.damselfly.api.error.Reason;
import dev.damselfly.api.error.RequestFailure.Refused;
import dev.damselfly.api.id.TaskId;
import dev.damselfly.api.wire.common.v2.Task;
import dev.damselfly.api.wire.dfdaemon.v2.DeleteLocalTaskRequest;
import dev.damselfly.api.wire.dfdaemon.v2.DeleteTaskRequest;
import dev.damselfly.api.wire.dfdaemon.v2.DfdaemonDownloadGrpc;
import dev.damselfly.api.wire.dfdaemon.v2.DownloadTaskRequest;
import dev.damselfly.api.wire.dfdaemon.v2.DownloadTaskResponse;
import dev.damselfly.api.wire.dfdaemon.v2.ListLocalTasksRequest;
import dev.damselfly.api.wire.dfdaemon.v2.ListLocalTasksResponse;
import dev.damselfly.api.wire.dfdaemon.v2.StatLocalTaskRequest;
import dev.damselfly.api.wire.dfdaemon.v2.StatLocalTaskResponse;
import dev.damselfly.api.wire.dfdaemon.v2.StatTaskRequest;
import dev.damselfly.authz.audit.Audit;
import dev.damselfly.authz.audit.AuditAction;
import dev.damselfly.authz.audit.AuditEvent;
import dev.damselfly.authz.guard.Callers;
import dev.damselfly.authz.identity.Caller;
import dev.damselfly.authz.identity.Role;
import dev.damselfly.peer.download.LocalCaller;
import dev.damselfly.peer.store.PieceStore;
import dev.damselfly.peer.store.StoredTask;
import dev.damselfly.peer.upload.NotServed;
import dev.damselfly.peer.upload.TaskStat;
import io.grpc.ServerInterceptors;
import io.grpc.ServerServiceDefinition;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

/// What local tools may ask the daemon in the v2 API: downloads, and what this host holds. Thread-safe.
///
/// Only operators see or delete content that needs credentials. Who may call what stands in [ToolsPolicy].
public final class ToolsRpc extends DfdaemonDownloadGrpc.DfdaemonDownloadImplBase {
  static final Set<String> SERVED =
      Set.of("DownloadTask", "StatTask", "StatLocalTask", "ListLocalTasks", "DeleteTask", "DeleteLocalTask");
  private static final int MAX_TASKS = 10_000;

  private final ToolDownload.Parts parts;
  private final PieceStore store;
  private final SwarmTasks swarm;

  /// What the schedulers know.
  @FunctionalInterface
  public interface SwarmTasks {
    /// Blocks while a scheduler is asked.
    ///
    /// @throws dev.damselfly.api.error.RequestFailure TASK_UNKNOWN, or BACKEND_DOWN when none answers
    Task stat(TaskId id);
  }

  public ToolsRpc(ToolDownload.Parts parts, PieceStore store, SwarmTasks swarm) {
    this.parts = parts;
    this.store = store;
    this.swarm = swarm;
  }

  /// The service as a server of the guard takes it.
  public ServerServiceDefinition service() {
    return ServerInterceptors.intercept(bindService(), new NotServed(SERVED));
  }

  @Override
  public void downloadTask(DownloadTaskRequest request, StreamObserver<DownloadTaskResponse> out) {
    var caller = LocalCaller.ofUser(Callers.current().name());
    new ToolDownload(parts, caller, (ServerCallStreamObserver<DownloadTaskResponse>) out, request.getDownload()).start();
  }

  @Override
  public void statTask(StatTaskRequest request, StreamObserver<Task> out) {
    answer(out, swarm.stat(taskId(request.getTaskId())));
  }

  @Override
  public void statLocalTask(StatLocalTaskRequest request, StreamObserver<StatLocalTaskResponse> out) {
    var id = taskId(request.getTaskId());
    answer(out, held(id, Callers.current()).findFirst().flatMap(TaskStat::of).orElseThrow(() -> unknown(id)));
  }

  @Override
  public void listLocalTasks(ListLocalTasksRequest request, StreamObserver<ListLocalTasksResponse> out) {
    boolean all = isOperator(Callers.current());
    var reply = ListLocalTasksResponse.newBuilder();
    store.tasks().stream()
        .filter(task -> all || !task.restricted())
        .limit(MAX_TASKS)
        .flatMap(task -> TaskStat.of(task).stream())
        .forEach(reply::addTasks);
    answer(out, reply.build());
  }

  @Override
  public void deleteTask(DeleteTaskRequest request, StreamObserver<Empty> out) {
    delete(taskId(request.getTaskId()), out);
  }

  @Override
  public void deleteLocalTask(DeleteLocalTaskRequest request, StreamObserver<Empty> out) {
    delete(taskId(request.getTaskId()), out);
  }

  private void delete(TaskId id, StreamObserver<Empty> out) {
    Caller caller = Callers.current();
    List<StoredTask> tasks = held(id, caller).toList();
    if (tasks.isEmpty()) {
      throw unknown(id);
    }
    Audit audit = parts.audit();
    audit.record(
        new AuditEvent(
            AuditAction.TASK_DELETE,
            LocalCaller.ofUser(caller.name()).actor(),
            "task:" + id,
            AuditEvent.Decision.DONE,
            "",
            "local",
            Map.of()));
    tasks.forEach(StoredTask::discard);
    answer(out, Empty.getDefaultInstance());
  }

  /// What the caller may know of, public content first.
  private Stream<StoredTask> held(TaskId id, Caller caller) {
    return Stream.of(store.find(id, false), isOperator(caller) ? store.find(id, true) : Optional.<StoredTask>empty())
        .flatMap(Optional::stream);
  }

  private static boolean isOperator(Caller caller) {
    return caller.role() == Role.LOCAL_OPERATOR;
  }

  private static <T> void answer(StreamObserver<T> out, T message) {
    out.onNext(message);
    out.onCompleted();
  }

  private static TaskId taskId(String text) {
    return Field.parse("task_id", () -> new TaskId(text));
  }

  /// The id was checked: it is 64 hex digits.
  private static Refused unknown(TaskId id) {
    return new Refused(Reason.TASK_UNKNOWN, "task " + id + " not found");
  }
}
