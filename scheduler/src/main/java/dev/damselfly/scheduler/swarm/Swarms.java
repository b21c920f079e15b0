package dev.damselfly.scheduler.swarm;

import dev.damselfly.api.error.RequestFailure;
import dev.damselfly.api.wire.damselfly.v1.JoinEvent;
import dev.damselfly.api.wire.damselfly.v1.JoinRequest;
import dev.damselfly.api.wire.damselfly.v1.ListGrantKeysResponse;
import dev.damselfly.api.wire.damselfly.v1.ListLegacyHoldersRequest;
import dev.damselfly.api.wire.damselfly.v1.ListLegacyHoldersResponse;
import dev.damselfly.api.wire.common.v2.Download;
import dev.damselfly.authz.audit.Audit;
import dev.damselfly.authz.identity.Caller;
import dev.damselfly.scheduler.host.Host;
import dev.damselfly.scheduler.host.Hosts;
import dev.damselfly.scheduler.seed.Seeds;
import dev.damselfly.scheduler.stream.Sink;
import dev.damselfly.scheduler.task.TaskKey;
import dev.damselfly.scheduler.task.Tasks;
import dev.damselfly.scheduler.time.Timer;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.random.RandomGenerator;

/// All swarms, and the calls of `damselfly.v1.Swarm`. Public and restricted members of one task id are in swarms of
/// their own: parents, grants and attestations never cross. Thread-safe.
public final class Swarms {
  private final Scope scope;
  private final LegacyHolders legacy;
  private final Map<TaskKey, Swarm> swarms = new ConcurrentHashMap<>();

  /// What every swarm works with.
  public record Scope(
      Hosts hosts,
      Tasks tasks,
      Seeds seeds,
      Timer timer,
      RandomGenerator random,
      Grants grants,
      SwarmConfig config,
      Audit audit) {}

  public Swarms(Scope scope) {
    this.scope = scope;
    this.legacy = new LegacyHolders(scope);
  }

  /// The Join call.
  public StreamObserver<JoinRequest> join(StreamObserver<JoinEvent> out, Caller caller) {
    var session = new JoinSession(this, scope, caller, Sink.of(out));
    if (out instanceof ServerCallStreamObserver<JoinEvent> call) {
      call.setOnCancelHandler(session::lost);
      call.setOnCloseHandler(session::closed);
      call.setOnReadyHandler(session::ready);
    }
    return new StreamObserver<>() {
      @Override
      public void onNext(JoinRequest request) {
        try {
          session.receive(request);
        } catch (RequestFailure e) {
          session.fail(e);
        }
      }

      @Override
      public void onError(Throwable t) {
        session.lost();
      }

      @Override
      public void onCompleted() {
        session.halfClosed();
      }
    };
  }

  public ListGrantKeysResponse listGrantKeys() {
    return scope.grants().keys();
  }

  public ListLegacyHoldersResponse listLegacyHolders(ListLegacyHoldersRequest request, Caller caller) {
    return legacy.list(request, caller);
  }

  Swarm open(TaskKey key, Download download) {
    return swarms.computeIfAbsent(key, k -> new Swarm(k, download, scope));
  }

  void dropIfEmpty(TaskKey key, Swarm swarm) {
    if (swarm.closeIfEmpty()) {
      swarms.remove(key, swarm);
    }
  }

  /// Every membership of the host ends.
  public void leave(Host host) {
    for (Swarm swarm : List.copyOf(swarms.values())) {
      swarm.leaveAll(host.id());
    }
    sweep();
  }

  /// Drops swarms without members.
  public void sweep() {
    swarms.forEach(this::dropIfEmpty);
  }

  /// Swarms with at least one member.
  public int count() {
    return swarms.size();
  }
}
