package dev.damselfly.conformance.counterpart;

import dev.damselfly.api.wire.common.v2.Download;
import dev.damselfly.api.wire.dfdaemon.v2.DfdaemonUploadGrpc;
import dev.damselfly.api.wire.dfdaemon.v2.DownloadPersistentCacheTaskRequest;
import dev.damselfly.api.wire.dfdaemon.v2.DownloadPersistentCacheTaskResponse;
import dev.damselfly.api.wire.dfdaemon.v2.DownloadTaskRequest;
import dev.damselfly.api.wire.dfdaemon.v2.DownloadTaskResponse;
import dev.damselfly.api.wire.dfdaemon.v2.StatLocalTaskRequest;
import dev.damselfly.api.wire.dfdaemon.v2.StatLocalTaskResponse;
import dev.damselfly.conformance.link.Endpoint;
import dev.damselfly.conformance.suite.Stage;
import dev.damselfly.conformance.target.Role;
import io.grpc.Status;
import io.grpc.health.v1.HealthCheckRequest;
import io.grpc.health.v1.HealthCheckResponse;
import io.grpc.health.v1.HealthCheckResponse.ServingStatus;
import io.grpc.health.v1.HealthGrpc;
import io.grpc.stub.StreamObserver;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;

/// A seed that is healthy and takes every trigger, and does nothing about it. Thread-safe.
public final class ScriptedSeed extends DfdaemonUploadGrpc.DfdaemonUploadImplBase {
  /// Each health check.
  public final BlockingQueue<HealthCheckRequest> checks = new LinkedBlockingQueue<>();

  /// Each trigger.
  public final BlockingQueue<DownloadTaskRequest> triggers = new LinkedBlockingQueue<>();

  /// Each request to hold a replica.
  public final BlockingQueue<DownloadPersistentCacheTaskRequest> replicas = new LinkedBlockingQueue<>();

  /// Each question for a task.
  public final BlockingQueue<StatLocalTaskRequest> stats = new LinkedBlockingQueue<>();

  private final Endpoint endpoint;

  private ScriptedSeed(Stage stage, Role role, String name) {
    var own = stage.target().actors().credentials(role, name);
    this.endpoint = stage.wire().serve(name, own, List.of(this, new Healthy()));
  }

  /// Listens until the case ends.
  public static ScriptedSeed open(Stage stage, String name) {
    return new ScriptedSeed(stage, Role.SEED_PEER, name);
  }

  /// The same for a normal peer.
  public static ScriptedSeed openPeer(Stage stage, String name) {
    return new ScriptedSeed(stage, Role.PEER, name);
  }

  public Endpoint endpoint() {
    return endpoint;
  }

  /// Waits for the trigger of this content; triggers of others are left out.
  public Download triggerOf(Content content, Stage stage) throws InterruptedException {
    while (true) {
      Download seen = stage.await("the trigger of the seed", triggers).getDownload();
      if (seen.getUrl().equals(content.download().getUrl())) {
        return seen;
      }
    }
  }

  /// How many triggers of this content wait to be looked at.
  public long countOf(Content content) {
    return triggers.stream().filter(seen -> seen.getDownload().getUrl().equals(content.download().getUrl())).count();
  }

  @Override
  public void downloadTask(DownloadTaskRequest request, StreamObserver<DownloadTaskResponse> out) {
    triggers.add(request); // the stream stays open: this seed works on it for ever
  }

  @Override
  public void downloadPersistentCacheTask(
      DownloadPersistentCacheTaskRequest request, StreamObserver<DownloadPersistentCacheTaskResponse> out) {
    replicas.add(request);
    out.onCompleted();
  }

  @Override
  public void statLocalTask(StatLocalTaskRequest request, StreamObserver<StatLocalTaskResponse> out) {
    stats.add(request);
    out.onError(Status.INTERNAL.withDescription("task " + request.getTaskId() + " not found").asRuntimeException());
  }

  private final class Healthy extends HealthGrpc.HealthImplBase {
    @Override
    public void check(HealthCheckRequest request, StreamObserver<HealthCheckResponse> out) {
      out.onNext(HealthCheckResponse.newBuilder().setStatus(ServingStatus.SERVING).build());
      out.onCompleted();
      checks.add(request);
    }
  }
}
