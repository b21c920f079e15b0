package dev.damselfly.manager.boot;

import com.google.protobuf.Empty;
import dev.damselfly.api.error.RequestFailure;
import dev.damselfly.api.wire.manager.v2.DeleteSeedPeerRequest;
import dev.damselfly.api.wire.manager.v2.GetSchedulerRequest;
import dev.damselfly.api.wire.manager.v2.GetSeedPeerRequest;
import dev.damselfly.api.wire.manager.v2.KeepAliveRequest;
import dev.damselfly.api.wire.manager.v2.ListApplicationsRequest;
import dev.damselfly.api.wire.manager.v2.ListApplicationsResponse;
import dev.damselfly.api.wire.manager.v2.ListSchedulersRequest;
import dev.damselfly.api.wire.manager.v2.ListSchedulersResponse;
import dev.damselfly.api.wire.manager.v2.ListSeedPeersRequest;
import dev.damselfly.api.wire.manager.v2.ListSeedPeersResponse;
import dev.damselfly.api.wire.manager.v2.ManagerGrpc;
import dev.damselfly.api.wire.manager.v2.Scheduler;
import dev.damselfly.api.wire.manager.v2.SeedPeer;
import dev.damselfly.api.wire.manager.v2.UpdateSchedulerRequest;
import dev.damselfly.api.wire.manager.v2.UpdateSeedPeerRequest;
import dev.damselfly.authz.identity.Caller;
import dev.damselfly.manager.application.ApplicationRpc;
import dev.damselfly.manager.member.Denials;
import dev.damselfly.manager.member.KeepAliveRpc;
import dev.damselfly.manager.scheduler.SchedulerRpc;
import dev.damselfly.manager.seed.SeedRpc;
import io.grpc.stub.StreamObserver;
import java.util.function.Function;
import java.util.function.Supplier;

/// `manager.v2.Manager`: reads the caller once and hands each call to the adapter of its feature.
final class ManagerRpc extends ManagerGrpc.ManagerImplBase {
  private final Supplier<Caller> callers;
  private final Denials denials;
  private final SchedulerRpc schedulers;
  private final SeedRpc seeds;
  private final ApplicationRpc applications;
  private final KeepAliveRpc keepAlive;

  ManagerRpc(
      Supplier<Caller> callers,
      Denials denials,
      SchedulerRpc schedulers,
      SeedRpc seeds,
      ApplicationRpc applications,
      KeepAliveRpc keepAlive) {
    this.callers = callers;
    this.denials = denials;
    this.schedulers = schedulers;
    this.seeds = seeds;
    this.applications = applications;
    this.keepAlive = keepAlive;
  }

  @Override
  public void getScheduler(GetSchedulerRequest request, StreamObserver<Scheduler> out) {
    answer(out, "GetScheduler", caller -> schedulers.get(caller, request));
  }

  @Override
  public void updateScheduler(UpdateSchedulerRequest request, StreamObserver<Scheduler> out) {
    answer(out, "UpdateScheduler", caller -> schedulers.update(caller, request));
  }

  @Override
  public void listSchedulers(ListSchedulersRequest request, StreamObserver<ListSchedulersResponse> out) {
    answer(out, "ListSchedulers", caller -> schedulers.list(caller, request));
  }

  @Override
  public void getSeedPeer(GetSeedPeerRequest request, StreamObserver<SeedPeer> out) {
    answer(out, "GetSeedPeer", caller -> seeds.get(caller, request));
  }

  @Override
  public void listSeedPeers(ListSeedPeersRequest request, StreamObserver<ListSeedPeersResponse> out) {
    answer(out, "ListSeedPeers", caller -> seeds.list(caller, request));
  }

  @Override
  public void updateSeedPeer(UpdateSeedPeerRequest request, StreamObserver<SeedPeer> out) {
    answer(out, "UpdateSeedPeer", caller -> seeds.update(caller, request));
  }

  @Override
  public void deleteSeedPeer(DeleteSeedPeerRequest request, StreamObserver<Empty> out) {
    answer(out, "DeleteSeedPeer", caller -> seeds.delete(caller, request));
  }

  @Override
  public void listApplications(ListApplicationsRequest request, StreamObserver<ListApplicationsResponse> out) {
    answer(out, "ListApplications", _ -> applications.list());
  }

  @Override
  public StreamObserver<KeepAliveRequest> keepAlive(StreamObserver<Empty> out) {
    return keepAlive.keepAlive(callers.get(), out);
  }

  private <T> void answer(StreamObserver<T> out, String method, Function<Caller, T> call) {
    Caller caller = callers.get();
    T message;
    try {
      message = call.apply(caller);
    } catch (RequestFailure failure) {
      denials.note(caller, method, failure);
      throw failure;
    }
    out.onNext(message);
    out.onCompleted();
  }
}
