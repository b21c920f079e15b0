package dev.damselfly.peer.upload;

import com.google.protobuf.Empty;
import dev.damselfly.api.error.Field;
import dev.damselfly.api.error.Reason;
import dev.damselfly.api.error.RequestFailure.Malformed;
import dev.damselfly.api.error.RequestFailure.Refused;
import dev.damselfly.api.id.PieceNumber;
import dev.damselfly.api.id.TaskId;
import dev.damselfly.api.wire.common.v2.Host;
import dev.damselfly.api.wire.dfdaemon.v2.DeleteTaskRequest;
import dev.damselfly.api.wire.dfdaemon.v2.DfdaemonUploadGrpc;
import dev.damselfly.api.wire.dfdaemon.v2.DownloadTaskRequest;
import dev.damselfly.api.wire.dfdaemon.v2.DownloadTaskResponse;
import dev.damselfly.api.wire.dfdaemon.v2.StatLocalTaskRequest;
import dev.damselfly.api.wire.dfdaemon.v2.StatLocalTaskResponse;
import dev.damselfly.api.wire.dfdaemon.v2.SyncHostRequest;
import dev.damselfly.api.wire.dfdaemon.v2.SyncPiecesRequest;
import dev.damselfly.api.wire.dfdaemon.v2.SyncPiecesResponse;
import dev.damselfly.authz.audit.Audit;
import dev.damselfly.authz.audit.AuditAction;
import dev.damselfly.authz.audit.AuditEvent;
import dev.damselfly.authz.guard.Callers;
import dev.damselfly.authz.identity.Caller;
import dev.damselfly.peer.store.PieceStore;
import dev.damselfly.peer.store.StoredTask;
import dev.damselfly.peer.upload.GrantVerdict.Granted;
import io.grpc.ServerInterceptors;
import io.grpc.ServerServiceDefinition;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import java.util.BitSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import java.util.stream.Stream;

/// The gRPC service that other machines call on a peer. Thread-safe.
///
/// Serves what children and schedulers need and nothing that names a local path; who may call what stands in
/// [UploadPolicy] (S-UPG-1..S-UPG-6).
public final class UploadRpc extends DfdaemonUploadGrpc.DfdaemonUploadImplBase {
  static final Set<String> SERVED = Set.of("DownloadTask", "StatLocalTask", "DeleteTask", "SyncPieces", "SyncHost");
  private static final int MAX_INTERESTED = 10_000; // B-06

  private final PieceStore store;
  private final GrantVerifier grants;
  private final Supplier<PieceAddress> address;
  private final HostPulse pulse;
  private final SeedDownloads seeds;
  private final TaskOwners owners;
  private final Audit audit;
  private final ScheduledExecutorService timer;

  /// @param address asked per call: the piece listener's port is known once it listens
  /// @param timer ends streams whose grant expired
  public UploadRpc(
      PieceStore store,
      GrantVerifier grants,
      Supplier<PieceAddress> address,
      HostPulse pulse,
      SeedDownloads seeds,
      TaskOwners owners,
      Audit audit,
      ScheduledExecutorService timer) {
    this.store = store;
    this.grants = grants;
    this.address = address;
    this.pulse = pulse;
    this.seeds = seeds;
    this.owners = owners;
    this.audit = audit;
    this.timer = timer;
  }

  /// The service as a guarded server takes it.
  public ServerServiceDefinition service() {
    return ServerInterceptors.intercept(bindService(), new GrantHeader(), new NotServed(SERVED));
  }

  @Override
  public void syncPieces(SyncPiecesRequest request, StreamObserver<SyncPiecesResponse> out) {
    var id = taskId(request.getTaskId());
    BitSet interested = interested(request.getInterestedPieceNumbersList());
    if (!(grants.verifyFor(id, GrantHeader.current(), Callers.current()) instanceof Granted granted)) {
      throw unknown();
    }
    StoredTask task = store.find(id, granted.restricted()).orElseThrow(UploadRpc::unknown);
    var feed = new PieceFeed((ServerCallStreamObserver<SyncPiecesResponse>) out, address.get(), interested, task.complete());
    long remaining = Math.max(0, grants.remaining(granted).toNanos());
    ScheduledFuture<?> expiry = timer.schedule(feed::finish, remaining, TimeUnit.NANOSECONDS);
    feed.onOver(() -> expiry.cancel(false));
    feed.start(task);
  }

  static BitSet interested(List<Integer> numbers) {
    if (numbers.size() > MAX_INTERESTED) {
      throw new Malformed("interested_piece_numbers", "at most " + MAX_INTERESTED + " items");
    }
    var set = new BitSet();
    for (int number : numbers) {
      set.set(Field.parse("interested_piece_numbers", () -> PieceNumber.fromUint32(number)).value());
    }
    return set;
  }

  @Override
  public void syncHost(SyncHostRequest request, StreamObserver<Host> out) {
    var stream = new HostStream((ServerCallStreamObserver<Host>) out);
    stream.start(pulse);
  }

  @Override
  public void statLocalTask(StatLocalTaskRequest request, StreamObserver<StatLocalTaskResponse> out) {
    var id = taskId(request.getTaskId());
    out.onNext(either(id).findFirst().flatMap(TaskStat::of).orElseThrow(UploadRpc::unknown));
    out.onCompleted();
  }

  /// Public content first.
  private Stream<StoredTask> either(TaskId id) {
    return Stream.of(store.find(id, false), store.find(id, true)).flatMap(Optional::stream);
  }

  @Override
  public void deleteTask(DeleteTaskRequest request, StreamObserver<Empty> out) {
    var id = taskId(request.getTaskId());
    Caller caller = Callers.current();
    if (!owners.owns(caller.id(), id)) {
      audit.record(event(AuditAction.AUTHZ_DENY, AuditEvent.Decision.DENY, "NOT_OWNER", caller, id));
      throw unknown();
    }
    List<StoredTask> tasks = either(id).toList();
    if (tasks.isEmpty()) {
      throw unknown();
    }
    audit.record(event(AuditAction.TASK_DELETE, AuditEvent.Decision.DONE, "", caller, id));
    tasks.forEach(StoredTask::discard);
    out.onNext(Empty.getDefaultInstance());
    out.onCompleted();
  }

  private static AuditEvent event(AuditAction action, AuditEvent.Decision decision, String reason, Caller caller, TaskId id) {
    return new AuditEvent(
        action, caller.id().toString(), "task:" + id, decision, reason, caller.remote().toString(), Map.of());
  }

  @Override
  public void downloadTask(DownloadTaskRequest request, StreamObserver<DownloadTaskResponse> out) {
    seeds.start(request.getDownload(), new RpcTaskStream((ServerCallStreamObserver<DownloadTaskResponse>) out));
  }

  static TaskId taskId(String text) {
    return Field.parse("task_id", () -> new TaskId(text));
  }

  /// One answer for unknown and forbidden (S-UPG-3).
  static Refused unknown() {
    return new Refused(Reason.TASK_UNKNOWN, "this peer serves no such task to you");
  }
}
