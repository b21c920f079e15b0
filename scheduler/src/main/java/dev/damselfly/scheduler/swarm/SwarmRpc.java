package dev.damselfly.scheduler.swarm;

import dev.damselfly.api.wire.damselfly.v1.JoinEvent;
import dev.damselfly.api.wire.damselfly.v1.JoinRequest;
import dev.damselfly.api.wire.damselfly.v1.ListGrantKeysRequest;
import dev.damselfly.api.wire.damselfly.v1.ListGrantKeysResponse;
import dev.damselfly.api.wire.damselfly.v1.ListLegacyHoldersRequest;
import dev.damselfly.api.wire.damselfly.v1.ListLegacyHoldersResponse;
import dev.damselfly.api.wire.damselfly.v1.SwarmGrpc;
import dev.damselfly.authz.identity.Caller;
import io.grpc.stub.StreamObserver;
import java.util.function.Supplier;

/// gRPC adapter of `damselfly.v1.Swarm`.
public final class SwarmRpc extends SwarmGrpc.SwarmImplBase {
  private final Swarms swarms;
  private final Supplier<Caller> caller;

  /// @param caller reads the caller of the running call
  public SwarmRpc(Swarms swarms, Supplier<Caller> caller) {
    this.swarms = swarms;
    this.caller = caller;
  }

  @Override
  public StreamObserver<JoinRequest> join(StreamObserver<JoinEvent> out) {
    return swarms.join(out, caller.get());
  }

  @Override
  public void listGrantKeys(ListGrantKeysRequest request, StreamObserver<ListGrantKeysResponse> out) {
    out.onNext(swarms.listGrantKeys());
    out.onCompleted();
  }

  @Override
  public void listLegacyHolders(ListLegacyHoldersRequest request, StreamObserver<ListLegacyHoldersResponse> out) {
    out.onNext(swarms.listLegacyHolders(request, caller.get()));
    out.onCompleted();
  }
}
