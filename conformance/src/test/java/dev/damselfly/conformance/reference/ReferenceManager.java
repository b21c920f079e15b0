package dev.damselfly.conformance.reference;

import static dev.damselfly.conformance.reference.ReferenceServer.CALLER;

import com.google.common.base.Ascii;
import com.google.protobuf.ByteString;
import com.google.protobuf.Empty;
import dev.damselfly.api.wire.manager.v2.Application;
import dev.damselfly.api.wire.manager.v2.GetSchedulerRequest;
import dev.damselfly.api.wire.manager.v2.KeepAliveRequest;
import dev.damselfly.api.wire.manager.v2.ListApplicationsRequest;
import dev.damselfly.api.wire.manager.v2.ListApplicationsResponse;
import dev.damselfly.api.wire.manager.v2.ListSchedulersRequest;
import dev.damselfly.api.wire.manager.v2.ListSchedulersResponse;
import dev.damselfly.api.wire.manager.v2.ManagerGrpc;
import dev.damselfly.api.wire.manager.v2.Scheduler;
import dev.damselfly.api.wire.manager.v2.SchedulerCluster;
import dev.damselfly.api.wire.manager.v2.SourceType;
import dev.damselfly.api.wire.manager.v2.UpdateSchedulerRequest;
import io.grpc.Status;
import io.grpc.stub.StreamObserver;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;

/// The manager of the reference program, with the clusters of the fixture. One lock guards all of it.
final class ReferenceManager extends ManagerGrpc.ManagerImplBase {
  private final Set<Fault> faults;
  private final boolean mutual;
  private final Map<String, Scheduler> rows = new LinkedHashMap<>();

  ReferenceManager(Set<Fault> faults, boolean mutual) {
    this.faults = faults;
    this.mutual = mutual;
  }

  private boolean has(Fault fault) {
    return faults.contains(fault);
  }

  @Override
  public synchronized void updateScheduler(UpdateSchedulerRequest request, StreamObserver<Scheduler> out) {
    if (!ReferenceScheduler.valid(request) && !has(Fault.MANAGER_TAKES_INVALID_PORTS)) {
      out.onError(Status.INVALID_ARGUMENT.asRuntimeException());
      return;
    }
    boolean foreign = request.getSchedulerClusterId() != 1 && !has(Fault.LETS_SCHEDULERS_JOIN_ANYWHERE);
    boolean peer = CALLER.get().startsWith("peer") && !has(Fault.LETS_PEERS_REGISTER);
    if (mutual && (foreign || peer)) {
      out.onError(Status.PERMISSION_DENIED.asRuntimeException());
      return;
    }
    Scheduler row =
        Scheduler.newBuilder()
            .setId(rows.size() + 1)
            .setHostname(request.getHostname())
            .setIp(request.getIp())
            .setPort(request.getPort())
            .setState(has(Fault.ACTIVATES_ON_REGISTRATION) ? "active" : "inactive")
            .setSchedulerClusterId(request.getSchedulerClusterId())
            .setSchedulerCluster(cluster(request.getSchedulerClusterId()))
            .setFeatures(ByteString.copyFromUtf8("[\"schedule\"]"))
            .build();
    rows.put(request.getHostname(), row);
    out.onNext(row);
    out.onCompleted();
  }

  private SchedulerCluster cluster(long id) {
    String config = has(Fault.WRITES_OTHER_KEYS) ? "{\"candidateParentLimit\":4}" : "{\"candidate_parent_limit\":4,\"filter_parent_limit\":15}";
    return SchedulerCluster.newBuilder()
        .setId(id)
        .setConfig(ByteString.copyFromUtf8(config))
        .setClientConfig(ByteString.copyFromUtf8("{\"load_limit\":200}"))
        .build();
  }

  @Override
  public synchronized void getScheduler(GetSchedulerRequest request, StreamObserver<Scheduler> out) {
    Scheduler row = rows.get(request.getHostname());
    if (row == null) {
      out.onError(Status.NOT_FOUND.asRuntimeException());
      return;
    }
    out.onNext(row);
    out.onCompleted();
  }

  @Override
  public void listApplications(ListApplicationsRequest request, StreamObserver<ListApplicationsResponse> out) {
    if (has(Fault.LISTS_NO_APPLICATIONS_WELL)) {
      out.onNext(ListApplicationsResponse.newBuilder().addAllApplications(java.util.List.<Application>of()).build());
      out.onCompleted();
    } else {
      out.onError(Status.NOT_FOUND.asRuntimeException());
    }
  }

  @Override
  public synchronized void listSchedulers(ListSchedulersRequest request, StreamObserver<ListSchedulersResponse> out) {
    if (mutual && request.getSourceType() == SourceType.SCHEDULER_SOURCE) {
      out.onError(Status.PERMISSION_DENIED.asRuntimeException());
      return;
    }
    long wanted = has(Fault.IGNORES_CLUSTER_ID) && !request.getIdc().isEmpty() ? 0 : request.getSchedulerClusterId();
    var answer = ListSchedulersResponse.newBuilder();
    rows.values().stream()
        .filter(row -> wanted == 0 ? row.getState().equals("active") || has(Fault.LISTS_THE_DEAD) : row.getSchedulerClusterId() == wanted)
        .sorted(Comparator.comparingDouble(row -> wanted != 0 || has(Fault.SORTS_BY_ID) ? 0 : -score(request, row.getSchedulerClusterId())))
        .forEach(answer::addSchedulers);
    out.onNext(answer.build());
    out.onCompleted();
  }

  /// By the scopes of the fixture.
  private static double score(ListSchedulersRequest request, long cluster) {
    if (cluster == 1) {
      return 0.01;
    }
    if (cluster == 2) {
      return (request.getIp().startsWith("127.") ? 0.3 : 0) + (Ascii.equalsIgnoreCase(request.getIdc(), "dc-2") ? 0.25 : 0);
    }
    return (request.getHostname().startsWith("north-") ? 0.3 : 0) + (request.getLocation().startsWith("eu|de") ? 0.14 * 2 / 5 : 0);
  }

  @Override
  public StreamObserver<KeepAliveRequest> keepAlive(StreamObserver<Empty> out) {
    String caller = CALLER.get();
    return new StreamObserver<>() {
      private String name = "";

      @Override
      public void onNext(KeepAliveRequest beat) {
        if (mutual && !beat.getHostname().equals(caller) && !has(Fault.KEEPS_OTHERS_ALIVE)) {
          out.onError(Status.PERMISSION_DENIED.asRuntimeException());
          return;
        }
        name = beat.getHostname();
        state(name, "active");
        if (mutual && !name.equals(caller)) {
          out.onCompleted(); // the end that the case waits for
        }
      }

      @Override
      public void onError(Throwable t) {
        end();
      }

      @Override
      public void onCompleted() {
        end();
        out.onNext(Empty.getDefaultInstance());
        out.onCompleted();
      }

      private void end() {
        if (!has(Fault.STAYS_ACTIVE) || rowsOfCluster(1) > 1) {
          state(name, "inactive");
        }
      }
    };
  }

  private synchronized long rowsOfCluster(long cluster) {
    return rows.values().stream().filter(row -> row.getSchedulerClusterId() == cluster).count();
  }

  private synchronized void state(String name, String state) {
    rows.computeIfPresent(name, (key, row) -> row.toBuilder().setState(state).build());
  }
}
