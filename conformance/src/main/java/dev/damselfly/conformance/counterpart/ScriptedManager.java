package dev.damselfly.conformance.counterpart;

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
import dev.damselfly.api.wire.manager.v2.UpdateSchedulerRequest;
import dev.damselfly.conformance.link.Endpoint;
import dev.damselfly.conformance.suite.Stage;
import dev.damselfly.conformance.target.Role;
import io.grpc.Status;
import io.grpc.health.v1.HealthCheckResponse.ServingStatus;
import io.grpc.protobuf.services.HealthStatusManager;
import io.grpc.stub.StreamObserver;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;

/// A manager that says what its case wants. Thread-safe.
public final class ScriptedManager extends ManagerGrpc.ManagerImplBase {
  /// Each registration of a scheduler.
  public final BlockingQueue<UpdateSchedulerRequest> registrations = new LinkedBlockingQueue<>();

  /// Each question for the settings.
  public final BlockingQueue<GetSchedulerRequest> settingsAsked = new LinkedBlockingQueue<>();

  /// Each question for schedulers.
  public final BlockingQueue<ListSchedulersRequest> schedulersAsked = new LinkedBlockingQueue<>();

  private volatile int candidates = 4;
  private volatile List<Application> applications = List.of();
  private volatile List<Scheduler> schedulers = List.of();
  private final Endpoint endpoint;

  private ScriptedManager(Stage stage) {
    var health = new HealthStatusManager();
    health.setStatus(ManagerGrpc.SERVICE_NAME, ServingStatus.SERVING);
    var own = stage.target().actors().credentials(Role.MANAGER, "m1");
    this.endpoint = stage.wire().serve("manager", own, List.of(this, health.getHealthService()));
  }

  /// Listens until the case ends.
  public static ScriptedManager open(Stage stage) {
    return new ScriptedManager(stage);
  }

  public Endpoint endpoint() {
    return endpoint;
  }

  /// How many parents a list may have at most.
  public void candidateLimit(int limit) {
    candidates = limit;
  }

  public void applications(List<Application> list) {
    applications = List.copyOf(list);
  }

  public void schedulers(List<Scheduler> list) {
    schedulers = List.copyOf(list);
  }

  /// The one cluster.
  public static SchedulerCluster cluster(int candidates) {
    return SchedulerCluster.newBuilder()
        .setId(1)
        .setName("east")
        .setConfig(
            ByteString.copyFromUtf8("{\"candidate_parent_limit\":" + candidates + ",\"filter_parent_limit\":100}"))
        .setClientConfig(ByteString.copyFromUtf8("{\"load_limit\":200}"))
        .setScopes(ByteString.copyFromUtf8("{}"))
        .setSeedClientConfig(ByteString.copyFromUtf8("{}"))
        .build();
  }

  @Override
  public void updateScheduler(UpdateSchedulerRequest request, StreamObserver<Scheduler> out) {
    registrations.add(request);
    out.onNext(scheduler(request.getHostname(), request.getIp(), request.getPort()));
    out.onCompleted();
  }

  @Override
  public void getScheduler(GetSchedulerRequest request, StreamObserver<Scheduler> out) {
    settingsAsked.add(request);
    out.onNext(scheduler(request.getHostname(), request.getIp(), 8002));
    out.onCompleted();
  }

  private Scheduler scheduler(String hostname, String ip, int port) {
    return Scheduler.newBuilder()
        .setId(1)
        .setHostname(hostname)
        .setIp(ip)
        .setPort(port)
        .setState("active")
        .setSchedulerClusterId(1)
        .setSchedulerCluster(cluster(candidates))
        .setFeatures(ByteString.copyFromUtf8("[\"schedule\"]"))
        .build();
  }

  @Override
  public void listApplications(ListApplicationsRequest request, StreamObserver<ListApplicationsResponse> out) {
    if (applications.isEmpty()) {
      out.onError(Status.NOT_FOUND.asRuntimeException());
      return;
    }
    out.onNext(ListApplicationsResponse.newBuilder().addAllApplications(applications).build());
    out.onCompleted();
  }

  @Override
  public void listSchedulers(ListSchedulersRequest request, StreamObserver<ListSchedulersResponse> out) {
    schedulersAsked.add(request);
    out.onNext(ListSchedulersResponse.newBuilder().addAllSchedulers(schedulers).build());
    out.onCompleted();
  }

  @Override
  public StreamObserver<KeepAliveRequest> keepAlive(StreamObserver<Empty> out) {
    return new StreamObserver<>() {
      @Override
      public void onNext(KeepAliveRequest value) {
        // alive
      }

      @Override
      public void onError(Throwable t) {
        // gone; the case sees it where it matters
      }

      @Override
      public void onCompleted() {
        out.onNext(Empty.getDefaultInstance());
        out.onCompleted();
      }
    };
  }
}
