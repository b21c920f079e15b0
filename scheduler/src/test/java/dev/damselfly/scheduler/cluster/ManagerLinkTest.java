package dev.damselfly.scheduler.cluster;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.ByteString;
import com.google.protobuf.Empty;
import dev.damselfly.api.wire.common.v2.Priority;
import dev.damselfly.api.wire.manager.v2.Application;
import dev.damselfly.api.wire.manager.v2.ApplicationPriority;
import dev.damselfly.api.wire.manager.v2.GetSchedulerRequest;
import dev.damselfly.api.wire.manager.v2.KeepAliveRequest;
import dev.damselfly.api.wire.manager.v2.ListApplicationsRequest;
import dev.damselfly.api.wire.manager.v2.ListApplicationsResponse;
import dev.damselfly.api.wire.manager.v2.ManagerGrpc;
import dev.damselfly.api.wire.manager.v2.Scheduler;
import dev.damselfly.api.wire.manager.v2.SchedulerCluster;
import dev.damselfly.api.wire.manager.v2.UpdateSchedulerRequest;
import dev.damselfly.scheduler.time.ManualTimer;
import io.grpc.ManagedChannel;
import io.grpc.Server;
import io.grpc.Status;
import io.grpc.inprocess.InProcessChannelBuilder;
import io.grpc.inprocess.InProcessServerBuilder;
import io.grpc.stub.StreamObserver;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// Against a manager in memory, on direct executors and a manual timer: nothing waits.
@NullMarked
class ManagerLinkTest {
  private static final ManagerLink.Pace PACE = ManagerLink.Pace.DEFAULT;
  private static final ManagerLink.Self SELF = new ManagerLink.Self("s", 7, "10.0.0.1", 8002, "idc", "a|b");

  private final FakeManager manager = new FakeManager();
  private final ManualTimer timer = new ManualTimer();
  private final Cluster cluster = new Cluster();
  private final String name = InProcessServerBuilder.generateName();
  private final ManagedChannel channel = InProcessChannelBuilder.forName(name).directExecutor().build();
  private final Server server = InProcessServerBuilder.forName(name).directExecutor().addService(manager).build();
  private final ManagerLink link = new ManagerLink(SELF, channel, cluster, timer, PACE);

  /// Answers what the test put here.
  private static final class FakeManager extends ManagerGrpc.ManagerImplBase {
    final List<UpdateSchedulerRequest> registrations = new ArrayList<>();
    final List<KeepAliveRequest> beats = new ArrayList<>();
    final List<StreamObserver<Empty>> streams = new ArrayList<>();
    String config = "{\"candidate_parent_limit\": 7}";
    Status applicationsFail = Status.OK;
    Status schedulerFails = Status.OK;

    @Override
    public void updateScheduler(UpdateSchedulerRequest request, StreamObserver<Scheduler> out) {
      registrations.add(request);
      out.onNext(Scheduler.getDefaultInstance());
      out.onCompleted();
    }

    @Override
    public void getScheduler(GetSchedulerRequest request, StreamObserver<Scheduler> out) {
      if (!schedulerFails.isOk()) {
        out.onError(schedulerFails.asRuntimeException());
        return;
      }
      out.onNext(
          Scheduler.newBuilder()
              .setSchedulerCluster(SchedulerCluster.newBuilder().setConfig(ByteString.copyFromUtf8(config)))
              .build());
      out.onCompleted();
    }

    @Override
    public void listApplications(ListApplicationsRequest request, StreamObserver<ListApplicationsResponse> out) {
      if (!applicationsFail.isOk()) {
        out.onError(applicationsFail.asRuntimeException());
        return;
      }
      var priority = ApplicationPriority.newBuilder().setValue(Priority.LEVEL3);
      out.onNext(
          ListApplicationsResponse.newBuilder()
              .addApplications(Application.newBuilder().setName("app").setPriority(priority))
              .build());
      out.onCompleted();
    }

    @Override
    public StreamObserver<KeepAliveRequest> keepAlive(StreamObserver<Empty> out) {
      streams.add(out);
      return new StreamObserver<>() {
        @Override
        public void onNext(KeepAliveRequest beat) {
          beats.add(beat);
        }

        @Override
        public void onError(Throwable t) {}

        @Override
        public void onCompleted() {
          out.onNext(Empty.getDefaultInstance());
          out.onCompleted();
        }
      };
    }
  }

  @BeforeEach
  void serve() throws IOException {
    server.start();
  }

  @AfterEach
  void close() {
    link.close();
    server.shutdownNow();
  }

  private Priority priority() {
    return cluster.applications().priorityOf("app", "http://o/f");
  }

  @Test
  void start_registersFetchesTheSettingsAndIsAliveAtOnce() throws Exception {
    link.start();

    var registration = manager.registrations.getFirst();
    assertThat(registration.getHostname()).isEqualTo("s");
    assertThat(registration.getSchedulerClusterId()).isEqualTo(7);
    assertThat(registration.getIp()).isEqualTo("10.0.0.1");
    assertThat(registration.getPort()).isEqualTo(8002);
    assertThat(registration.getConfig().toStringUtf8()).isEqualTo("{\"manager_keep_alive_interval\":5000000000}");
    assertThat(cluster.settings().candidateParents()).isEqualTo(7);
    assertThat(priority()).isEqualTo(Priority.LEVEL3);
    assertThat(manager.beats).hasSize(1);
  }

  @Test
  void beats_goOutAtTheirPaceOnOneStream() throws Exception {
    link.start();

    timer.advance(PACE.keepAlive().multipliedBy(3));

    assertThat(manager.beats).hasSize(4);
    assertThat(manager.streams).hasSize(1);
    assertThat(manager.beats.getFirst().getClusterId()).isEqualTo(7);
  }

  @Test
  void brokenStream_isOpenedAgainByTheNextBeat() throws Exception {
    link.start();
    manager.streams.getFirst().onError(Status.UNAVAILABLE.asRuntimeException());

    timer.advance(PACE.keepAlive());

    assertThat(manager.streams).hasSize(2);
    assertThat(manager.beats).hasSize(2);
  }

  @Test
  void settingsThatCannotBeFetchedOrRead_keepTheirLastValue() throws Exception {
    link.start();
    manager.config = "{";
    manager.applicationsFail = Status.UNAVAILABLE;

    timer.advance(PACE.refresh());
    var unreadable = cluster.settings();
    manager.schedulerFails = Status.UNAVAILABLE;
    timer.advance(PACE.refresh());

    assertThat(unreadable.candidateParents()).isEqualTo(7);
    assertThat(cluster.settings().candidateParents()).isEqualTo(7);
    assertThat(priority()).isEqualTo(Priority.LEVEL3);
  }

  @Test
  void applicationsThatAreGone_areForgotten() throws Exception {
    link.start();
    manager.applicationsFail = Status.NOT_FOUND;

    timer.advance(PACE.refresh());

    assertThat(priority()).isEqualTo(Priority.LEVEL0);
  }

  @Test
  void absentManager_stopsTheStart() {
    server.shutdownNow();
    var hasty = new ManagerLink.Pace(Duration.ofMillis(200), PACE.keepAlive(), PACE.refresh());
    var other = InProcessChannelBuilder.forName("nobody").directExecutor().build();

    try (var lonely = new ManagerLink(SELF, other, cluster, timer, hasty)) {
      assertThatThrownBy(lonely::start).isInstanceOf(ManagerLink.ManagerAbsent.class);
    }
    assertThat(cluster.settings()).isEqualTo(ClusterSettings.DEFAULT);
  }

  @Test
  void close_endsTheStreamAndTheTimers() throws Exception {
    link.start();

    link.close();

    assertThat(timer.waiting()).isZero();
    assertThat(channel.isShutdown()).isTrue();
  }
}
