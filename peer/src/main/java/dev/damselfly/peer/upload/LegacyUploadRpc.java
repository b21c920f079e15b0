package dev.damselfly.peer.upload;

import dev.damselfly.api.wire.common.v2.Host;
import dev.damselfly.api.wire.dfdaemon.v2.DfdaemonUploadGrpc;
import dev.damselfly.api.wire.dfdaemon.v2.SyncHostRequest;
import dev.damselfly.api.wire.dfdaemon.v2.SyncPiecesRequest;
import dev.damselfly.api.wire.dfdaemon.v2.SyncPiecesResponse;
import dev.damselfly.peer.store.PieceStore;
import dev.damselfly.peer.store.StoredTask;
import io.grpc.ServerInterceptors;
import io.grpc.ServerServiceDefinition;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import java.time.Duration;
import java.util.BitSet;
import java.util.Set;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;

/// What children without an identity may ask a peer: which pieces of a public task it holds, and how busy it is
/// (S-LEG-5). Thread-safe.
///
/// There is no grant, so a stream ends after an hour at the latest; the child opens another.
public final class LegacyUploadRpc extends DfdaemonUploadGrpc.DfdaemonUploadImplBase {
  private static final Set<String> SERVED = Set.of("SyncPieces", "SyncHost");
  private static final Duration LONGEST = Duration.ofHours(1); // below B-46

  private final PieceStore store;
  private final PieceAddress address;
  private final HostPulse pulse;
  private final ScheduledExecutorService timer;

  /// @param address where the plain piece listener is
  /// @param timer ends streams
  public LegacyUploadRpc(PieceStore store, PieceAddress address, HostPulse pulse, ScheduledExecutorService timer) {
    this.store = store;
    this.address = address;
    this.pulse = pulse;
    this.timer = timer;
  }

  /// The service as a legacy server takes it.
  public ServerServiceDefinition service() {
    return ServerInterceptors.intercept(bindService(), new NotServed(SERVED));
  }

  @Override
  public void syncPieces(SyncPiecesRequest request, StreamObserver<SyncPiecesResponse> out) {
    var id = UploadRpc.taskId(request.getTaskId());
    BitSet interested = UploadRpc.interested(request.getInterestedPieceNumbersList());
    StoredTask task = store.find(id, false).orElseThrow(UploadRpc::unknown);
    var feed = new PieceFeed((ServerCallStreamObserver<SyncPiecesResponse>) out, address, interested, task.complete());
    ScheduledFuture<?> end = timer.schedule(feed::finish, LONGEST.toNanos(), TimeUnit.NANOSECONDS);
    feed.onOver(() -> end.cancel(false));
    feed.start(task);
  }

  @Override
  public void syncHost(SyncHostRequest request, StreamObserver<Host> out) {
    new HostStream((ServerCallStreamObserver<Host>) out).start(pulse);
  }
}
