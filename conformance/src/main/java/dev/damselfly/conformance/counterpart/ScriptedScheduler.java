package dev.damselfly.conformance.counterpart;

import com.google.protobuf.Empty;
import dev.damselfly.api.wire.damselfly.v1.JoinEvent;
import dev.damselfly.api.wire.damselfly.v1.JoinRequest;
import dev.damselfly.api.wire.damselfly.v1.SwarmGrpc;
import dev.damselfly.api.wire.manager.v2.Scheduler;
import dev.damselfly.api.wire.scheduler.v2.AnnounceHostRequest;
import dev.damselfly.api.wire.scheduler.v2.AnnouncePeerRequest;
import dev.damselfly.api.wire.scheduler.v2.AnnouncePeerResponse;
import dev.damselfly.api.wire.scheduler.v2.DeleteHostRequest;
import dev.damselfly.api.wire.scheduler.v2.SchedulerGrpc;
import dev.damselfly.conformance.link.Endpoint;
import dev.damselfly.conformance.suite.Stage;
import dev.damselfly.conformance.target.Role;
import io.grpc.Status;
import io.grpc.health.v1.HealthCheckResponse.ServingStatus;
import io.grpc.protobuf.services.HealthStatusManager;
import io.grpc.stub.StreamObserver;
import java.util.List;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.LinkedBlockingQueue;

/// A scheduler whose announce streams the case plays. Thread-safe.
///
/// A peer may speak an extension of its own first; that is refused, and the task it was about is noted.
public final class ScriptedScheduler extends SchedulerGrpc.SchedulerImplBase {
  /// Announcements of hosts.
  public final BlockingQueue<AnnounceHostRequest> hosts = new LinkedBlockingQueue<>();

  /// Hosts that left.
  public final BlockingQueue<DeleteHostRequest> left = new LinkedBlockingQueue<>();

  /// Announce streams, as they open.
  public final BlockingQueue<Dialog> dialogs = new LinkedBlockingQueue<>();

  /// Tasks that any stream was about.
  public final Set<String> tasks = ConcurrentHashMap.newKeySet();

  private final String name;
  private final long id;
  private final Endpoint endpoint;
  private volatile boolean sendsToOrigin;

  private ScriptedScheduler(Stage stage, String name, long id) {
    this.name = name;
    this.id = id;
    var health = new HealthStatusManager();
    health.setStatus(SchedulerGrpc.SERVICE_NAME, ServingStatus.SERVING);
    var own = stage.target().actors().credentials(Role.SCHEDULER, name);
    this.endpoint = stage.wire().serve(name, own, List.of(this, new Swarms(), health.getHealthService()));
  }

  /// Listens until the case ends.
  public static ScriptedScheduler open(Stage stage, String name, long id) {
    return new ScriptedScheduler(stage, name, id);
  }

  public String name() {
    return name;
  }

  /// Every peer is sent to the origin from now on, and the case plays nothing.
  public ScriptedScheduler sendingToOrigin() {
    sendsToOrigin = true;
    return this;
  }

  /// How a manager lists it.
  public Scheduler row() {
    return Scheduler.newBuilder()
        .setId(id)
        .setHostname(name)
        .setIp(endpoint.host())
        .setPort(endpoint.port())
        .setState("active")
        .setSchedulerClusterId(1)
        .setSchedulerCluster(ScriptedManager.cluster(4))
        .build();
  }

  @Override
  public void announceHost(AnnounceHostRequest request, StreamObserver<Empty> out) {
    hosts.add(request);
    out.onNext(Empty.getDefaultInstance());
    out.onCompleted();
  }

  @Override
  public void deleteHost(DeleteHostRequest request, StreamObserver<Empty> out) {
    left.add(request);
    out.onNext(Empty.getDefaultInstance());
    out.onCompleted();
  }

  @Override
  public StreamObserver<AnnouncePeerRequest> announcePeer(StreamObserver<AnnouncePeerResponse> out) {
    var dialog = new Dialog(out);
    return new StreamObserver<>() {
      @Override
      public void onNext(AnnouncePeerRequest request) {
        tasks.add(request.getTaskId());
        dialog.onNext(request);
        if (request.hasRegisterPeerRequest()) {
          if (sendsToOrigin) {
            dialog.toOrigin();
          } else {
            dialogs.add(dialog);
          }
        }
      }

      @Override
      public void onError(Throwable t) {
        dialog.onError(t);
      }

      @Override
      public void onCompleted() {
        dialog.onCompleted();
      }
    };
  }

  private final class Swarms extends SwarmGrpc.SwarmImplBase {
    @Override
    public StreamObserver<JoinRequest> join(StreamObserver<JoinEvent> out) {
      return new StreamObserver<>() {
        @Override
        public void onNext(JoinRequest request) {
          if (request.hasRegister()) {
            tasks.add(request.getRegister().getTaskId());
            out.onError(Status.UNIMPLEMENTED.asRuntimeException());
          }
        }

        @Override
        public void onError(Throwable t) {
          // refused already
        }

        @Override
        public void onCompleted() {
          // refused already
        }
      };
    }
  }
}
