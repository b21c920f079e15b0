package dev.damselfly.manager.boot;

import dev.damselfly.api.error.RequestFailure;
import dev.damselfly.api.wire.manager.v2.ListSchedulersRequest;
import dev.damselfly.api.wire.manager.v2.ListSchedulersResponse;
import dev.damselfly.api.wire.manager.v2.ManagerGrpc;
import dev.damselfly.api.wire.manager.v2.Scheduler;
import dev.damselfly.authz.identity.Caller;
import dev.damselfly.manager.member.Denials;
import dev.damselfly.manager.scheduler.SchedulerRpc;
import io.grpc.stub.StreamObserver;
import java.util.function.Supplier;

/// `manager.v2.Manager` for programs without an identity: where the schedulers of one cluster take them. Thread-safe.
final class LegacyManagerRpc extends ManagerGrpc.ManagerImplBase {
  private final Supplier<Caller> callers;
  private final Denials denials;
  private final SchedulerRpc schedulers;
  private final int port;

  /// @param port of the legacy listener of every scheduler
  LegacyManagerRpc(Supplier<Caller> callers, Denials denials, SchedulerRpc schedulers, int port) {
    this.callers = callers;
    this.denials = denials;
    this.schedulers = schedulers;
    this.port = port;
  }

  @Override
  public void listSchedulers(ListSchedulersRequest request, StreamObserver<ListSchedulersResponse> out) {
    out.onNext(answer(callers.get(), request));
    out.onCompleted();
  }

  private ListSchedulersResponse answer(Caller caller, ListSchedulersRequest request) {
    ListSchedulersResponse.Builder answer;
    try {
      answer = schedulers.list(caller, request).toBuilder();
    } catch (RequestFailure failure) {
      denials.note(caller, "ListSchedulers", failure);
      throw failure;
    }
    for (Scheduler.Builder scheduler : answer.getSchedulersBuilderList()) {
      scheduler.setPort(port).clearSeedPeers(); // seeds take nobody without an identity
    }
    return answer.build();
  }
}
