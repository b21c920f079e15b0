package dev.damselfly.conformance.reference;

import static dev.damselfly.conformance.reference.ReferenceServer.CALLER;

import com.google.protobuf.Empty;
import com.google.protobuf.Timestamp;
import dev.damselfly.api.ring.HashRing;
import dev.damselfly.api.wire.common.v2.Host;
import dev.damselfly.api.wire.common.v2.Network;
import dev.damselfly.api.wire.dfdaemon.v2.DeleteTaskRequest;
import dev.damselfly.api.wire.dfdaemon.v2.DfdaemonUploadGrpc;
import dev.damselfly.api.wire.dfdaemon.v2.DownloadTaskRequest;
import dev.damselfly.api.wire.dfdaemon.v2.DownloadTaskResponse;
import dev.damselfly.api.wire.dfdaemon.v2.StatLocalTaskRequest;
import dev.damselfly.api.wire.dfdaemon.v2.StatLocalTaskResponse;
import dev.damselfly.api.wire.dfdaemon.v2.SyncHostRequest;
import dev.damselfly.api.wire.dfdaemon.v2.SyncPiecesRequest;
import dev.damselfly.api.wire.dfdaemon.v2.SyncPiecesResponse;
import dev.damselfly.api.wire.scheduler.v2.SchedulerGrpc;
import dev.damselfly.conformance.link.Endpoint;
import io.grpc.Channel;
import io.grpc.Status;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;

/// The peer of the reference program. Thread-safe.
final class ReferencePeer extends DfdaemonUploadGrpc.DfdaemonUploadImplBase {
  /// What it stands on.
  ///
  /// @param channels opens a channel with the peer's identity
  record Ground(
      Set<Fault> faults,
      RefStore store,
      RefPieceServer pieces,
      HashRing<Channel> ring,
      Function<Endpoint, Channel> channels,
      ScheduledExecutorService timer,
      Path work,
      boolean mutual,
      boolean firstStart) {}

  final Set<String> prefetched = ConcurrentHashMap.newKeySet();
  private final Ground ground;
  private final RefOrigin origin;

  ReferencePeer(Ground ground) {
    this.ground = ground;
    this.origin = new RefOrigin(ground.faults());
  }

  boolean has(Fault fault) {
    return ground.faults().contains(fault);
  }

  Set<Fault> faults() {
    return ground.faults();
  }

  RefStore store() {
    return ground.store();
  }

  RefOrigin origin() {
    return origin;
  }

  Path work() {
    return ground.work();
  }

  boolean isFirstStart() {
    return ground.firstStart();
  }

  String hostId() {
    return "127.0.0.1-own";
  }

  Channel channel(Endpoint to) {
    return ground.channels().apply(to);
  }

  SchedulerGrpc.SchedulerStub scheduler(String task) {
    Channel owner =
        has(Fault.USES_FIRST_SCHEDULER) ? ground.ring().members().getFirst().value() : ground.ring().owner(task).orElseThrow();
    return SchedulerGrpc.newStub(owner);
  }

  @Override
  public void downloadTask(DownloadTaskRequest request, StreamObserver<DownloadTaskResponse> out) {
    if (ground.mutual() && !CALLER.get().startsWith("s") && !has(Fault.LETS_PEERS_TRIGGER)) {
      out.onError(Status.PERMISSION_DENIED.asRuntimeException());
      return;
    }
    if (!request.hasDownload()) {
      if (has(Fault.BREAKS_ON_EMPTY_REQUESTS)) {
        throw new IllegalStateException("no download");
      }
      out.onError(Status.INVALID_ARGUMENT.asRuntimeException());
      return;
    }
    Thread.ofVirtual().start(new RefDownload(this, request.getDownload(), out, ground.mutual()));
  }

  @Override
  public void statLocalTask(StatLocalTaskRequest request, StreamObserver<StatLocalTaskResponse> out) {
    if (!request.getTaskId().matches("[0-9a-f]{64}") && !has(Fault.TAKES_ANY_ID_IN_STAT)) {
      out.onError(Status.INVALID_ARGUMENT.asRuntimeException());
      return;
    }
    RefStore.Held held = store().find(request.getTaskId());
    if (held == null) {
      out.onError(Status.INTERNAL.asRuntimeException());
      return;
    }
    var at = Timestamp.newBuilder().setSeconds(1_767_225_600);
    out.onNext(StatLocalTaskResponse.newBuilder().setTaskId(held.id).setContentLength(held.length).setCreatedAt(at).setUpdatedAt(at).build());
    out.onCompleted();
  }

  @Override
  public void deleteTask(DeleteTaskRequest request, StreamObserver<Empty> out) {
    if (!has(Fault.KEEPS_DELETED_TASKS)) {
      store().remove(request.getTaskId());
    }
    out.onNext(Empty.getDefaultInstance());
    out.onCompleted();
  }

  @Override
  public void syncPieces(SyncPiecesRequest request, StreamObserver<SyncPiecesResponse> out) {
    if (request.getInterestedPieceNumbersList().stream().anyMatch(number -> number < 0) && !has(Fault.TAKES_ANY_PIECE_NUMBER)) {
      out.onError(Status.INVALID_ARGUMENT.asRuntimeException());
      return;
    }
    if (!has(Fault.DELAYS_SYNC_HEADERS)) {
      EagerHeaders.send();
    }
    RefStore.Held held = store().find(request.getTaskId());
    if (held == null) {
      out.onError((has(Fault.SAYS_NOT_FOUND_FOR_UNKNOWN_TASKS) ? Status.NOT_FOUND : Status.INTERNAL).asRuntimeException());
      return;
    }
    Thread.ofVirtual().start(() -> feed(request, held, (ServerCallStreamObserver<SyncPiecesResponse>) out));
  }

  private void feed(SyncPiecesRequest request, RefStore.Held held, ServerCallStreamObserver<SyncPiecesResponse> out) {
    var told = new HashSet<Integer>();
    try {
      while (!out.isCancelled()) {
        for (int number : request.getInterestedPieceNumbersList()) {
          if (held.numbers().contains(number) && told.add(number)) {
            out.onNext(response(held, number));
            if (has(Fault.REPORTS_PIECES_TWICE)) {
              out.onNext(response(held, number));
            }
          }
        }
        if (held.isWhole() || told.containsAll(request.getInterestedPieceNumbersList())) {
          out.onCompleted();
          return;
        }
        held.awaitMoreThan(told.size());
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private SyncPiecesResponse response(RefStore.Held held, int number) {
    return SyncPiecesResponse.newBuilder()
        .setNumber(number)
        .setOffset((long) number * RefStore.PIECE)
        .setLength(held.size(number))
        .setIp("127.0.0.1")
        .setTcpPort(ground.pieces().tcpPort())
        .setQuicPort(ground.pieces().quicPort())
        .build();
  }

  @Override
  public void syncHost(SyncHostRequest request, StreamObserver<Host> out) {
    EagerHeaders.send();
    var stream = (ServerCallStreamObserver<Host>) out;
    var sample = Host.newBuilder().setNetwork(Network.newBuilder().setMaxTxBandwidth(1_000_000_000)).build();
    var beat =
        ground
            .timer()
            .scheduleAtFixedRate(
                () -> {
                  if (!stream.isCancelled()) {
                    stream.onNext(sample);
                  }
                },
                500,
                500,
                TimeUnit.MILLISECONDS);
    stream.setOnCancelHandler(() -> beat.cancel(false));
  }
}
