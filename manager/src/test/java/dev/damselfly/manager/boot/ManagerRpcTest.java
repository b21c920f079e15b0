package dev.damselfly.manager.boot;

import static dev.damselfly.manager.fixture.TestCallers.ADDRESS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.ByteString;
import com.google.protobuf.Empty;
import dev.damselfly.api.assurance.Threat;
import dev.damselfly.api.error.Reason;
import dev.damselfly.api.error.RequestFailure.Malformed;
import dev.damselfly.api.error.RequestFailure;
import dev.damselfly.api.wire.common.v2.Priority;
import dev.damselfly.api.wire.manager.v2.Application;
import dev.damselfly.api.wire.manager.v2.ApplicationPriority;
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
import dev.damselfly.api.wire.manager.v2.Scheduler;
import dev.damselfly.api.wire.manager.v2.SchedulerCluster;
import dev.damselfly.api.wire.manager.v2.SeedPeer;
import dev.damselfly.api.wire.manager.v2.SourceType;
import dev.damselfly.api.wire.manager.v2.URLPriority;
import dev.damselfly.api.wire.manager.v2.UpdateSchedulerRequest;
import dev.damselfly.api.wire.manager.v2.UpdateSeedPeerRequest;
import dev.damselfly.authz.audit.AuditAction;
import dev.damselfly.authz.identity.Caller;
import dev.damselfly.authz.testing.ManualClock;
import dev.damselfly.authz.testing.MemoryAudit;
import dev.damselfly.manager.application.ApplicationSpec.UrlPriority;
import dev.damselfly.manager.application.ApplicationSpec;
import dev.damselfly.manager.document.TextPattern;
import dev.damselfly.manager.fixture.TestCallers;
import dev.damselfly.manager.fixture.TestManager;
import dev.damselfly.manager.store.Database;
import dev.damselfly.manager.store.DatabaseLocation;
import io.grpc.stub.StreamObserver;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.BiConsumer;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

@NullMarked
class ManagerRpcTest {
  private static final Caller A = TestCallers.scheduler("east", "a");
  private static final Caller PEER = TestCallers.peer("east", "node-1");
  private static final Caller SEED = TestCallers.seed("east", "seed-a");
  private static final ApplicationSpec APPLICATION =
      new ApplicationSpec(
          "app",
          "https://app.example/",
          "",
          new ApplicationSpec.Priority(2, List.of(new UrlPriority(TextPattern.parse("[.]iso$"), 5))));
  private static final KeepAliveRequest ALIVE =
      KeepAliveRequest.newBuilder().setHostname("scheduler-a").setClusterId(1).setIp(ADDRESS).build();

  private final ManualClock clock = ManualClock.somewhere();
  private final MemoryAudit audit = new MemoryAudit();
  private final AtomicReference<Caller> caller = new AtomicReference<>(A);
  private final Database database = Database.open(new DatabaseLocation.Memory("managerrpc"));
  private final ManagerRpc rpc = wire(List.of(APPLICATION));

  @AfterEach
  void close() {
    database.close();
  }

  private ManagerRpc wire(List<ApplicationSpec> applications) {
    var config =
        new ManagerConfig(
            new InetSocketAddress(0),
            new DatabaseLocation.Memory("unused"),
            List.of(TestManager.cluster("east"), TestManager.cluster("west")),
            applications);
    return ManagerWiring.wire(config, database, audit, clock, caller::get).service();
  }

  /// Keeps what a call answers.
  private static final class Answers<T> implements StreamObserver<T> {
    private final List<T> messages = new ArrayList<>();
    private boolean completed;

    @Override
    public void onNext(T message) {
      messages.add(message);
    }

    @Override
    public void onError(Throwable cause) {
      throw new AssertionError(cause);
    }

    @Override
    public void onCompleted() {
      completed = true;
    }
  }

  private <Q, A> A call(Caller as, BiConsumer<Q, StreamObserver<A>> method, Q request) {
    caller.set(as);
    var out = new Answers<A>();
    method.accept(request, out);
    assertThat(out.completed).isTrue();
    return out.messages.getFirst();
  }

  private static Reason refusal(Runnable call) {
    try {
      call.run();
    } catch (RequestFailure e) {
      return e.reason();
    }
    throw new AssertionError("was not refused");
  }

  private static UpdateSchedulerRequest.Builder registration() {
    return UpdateSchedulerRequest.newBuilder()
        .setHostname("scheduler-a")
        .setSchedulerClusterId(1)
        .setIdc("")
        .setLocation("")
        .setIp(ADDRESS)
        .setPort(8002)
        .addFeatures("schedule")
        .addFeatures("preheat")
        .setConfig(ByteString.copyFromUtf8("{\"manager_keep_alive_interval\":5000000000}"));
  }

  private static Scheduler.Builder scheduler(String state) {
    return Scheduler.newBuilder()
        .setId(1)
        .setHostname("scheduler-a")
        .setIdc("")
        .setLocation("")
        .setIp(ADDRESS)
        .setPort(8002)
        .setState(state)
        .setSchedulerClusterId(1)
        .setFeatures(ByteString.copyFromUtf8("[\"schedule\",\"preheat\"]"));
  }

  private static SchedulerCluster.Builder cluster() {
    return SchedulerCluster.newBuilder()
        .setId(1)
        .setName("east")
        .setConfig(ByteString.copyFromUtf8("{\"candidate_parent_limit\":3,\"filter_parent_limit\":15}"))
        .setClientConfig(ByteString.copyFromUtf8("{\"load_limit\":200}"))
        .setScopes(ByteString.copyFromUtf8("{}"));
  }

  @Test
  void updateScheduler_answersTheRow() {
    Scheduler answer = call(A, rpc::updateScheduler, registration().build());

    assertThat(answer).isEqualTo(scheduler("inactive").build());
  }

  @Test
  void updateScheduler_namesTheFieldThatIsWrong() {
    assertWrong("hostname", registration().setHostname("a_b"));
    assertWrong("ip", registration().setIp("localhost"));
    assertWrong("scheduler_cluster_id", registration().setSchedulerClusterId(0));
    assertWrong("scheduler_cluster_id", registration().setSchedulerClusterId(-1));
    assertWrong("features", registration().addFeatures("schedule"));
    assertWrong("config", registration().setConfig(ByteString.copyFromUtf8("{\"unknown\":1}")));
    assertWrong("port, idc, location", registration().setPort(80));
    assertWrong("port, idc, location", registration().setIdc("i".repeat(1025)));
  }

  private void assertWrong(String field, UpdateSchedulerRequest.Builder request) {
    assertThatThrownBy(() -> call(A, rpc::updateScheduler, request.build()))
        .isInstanceOfSatisfying(Malformed.class, e -> assertThat(e.field()).isEqualTo(field));
  }

  @Test
  void getScheduler_answersRowAndClusterWithoutSeedClientConfig() {
    call(A, rpc::updateScheduler, registration().build());
    var request =
        GetSchedulerRequest.newBuilder().setHostname("scheduler-a").setSchedulerClusterId(1).setIp(ADDRESS).build();

    Scheduler answer = call(A, rpc::getScheduler, request);

    assertThat(answer).isEqualTo(scheduler("inactive").setSchedulerCluster(cluster()).build());
    assertThat(refusal(() -> call(A, rpc::getScheduler, request.toBuilder().setHostname("x").build())))
        .isEqualTo(Reason.SCHEDULER_UNKNOWN);
  }

  @Test
  void listSchedulers_byClusterAnswersAllStatesWithSeedClientConfig() {
    call(A, rpc::updateScheduler, registration().build());
    var request = peerRequest().setSchedulerClusterId(1).build();

    ListSchedulersResponse answer = call(PEER, rpc::listSchedulers, request);

    assertThat(answer.getSchedulersList()).containsExactly(listed("inactive").build());
  }

  @Test
  void listSchedulers_byAffinityAnswersLiveOnesWithSeeds() {
    call(A, rpc::updateScheduler, registration().build());
    SeedPeer seed = call(SEED, rpc::updateSeedPeer, seedRegistration());

    ListSchedulersResponse before = call(PEER, rpc::listSchedulers, peerRequest().build());
    caller.set(A);
    var stream = rpc.keepAlive(new Answers<>());
    stream.onNext(ALIVE);
    ListSchedulersResponse during = call(PEER, rpc::listSchedulers, peerRequest().build());

    assertThat(before.getSchedulersList()).isEmpty();
    assertThat(during.getSchedulersList()).containsExactly(listed("active").addSeedPeers(seed).build());
  }

  @Test
  @Threat({"S-MGR-9"})
  void listSchedulers_refusesOtherClusters() {
    var request = peerRequest().setSchedulerClusterId(2).build();

    assertThat(refusal(() -> call(PEER, rpc::listSchedulers, request))).isEqualTo(Reason.CALLER_NOT_ALLOWED);
    assertThat(refusal(() -> call(PEER, rpc::listSchedulers, request.toBuilder().setSchedulerClusterId(3).build())))
        .isEqualTo(Reason.CALLER_NOT_ALLOWED);
  }

  private static ListSchedulersRequest.Builder peerRequest() {
    return ListSchedulersRequest.newBuilder()
        .setSourceType(SourceType.PEER_SOURCE)
        .setHostname("node-1")
        .setIp(ADDRESS);
  }

  private static Scheduler.Builder listed(String state) {
    return scheduler(state).setSchedulerCluster(cluster().setSeedClientConfig(ByteString.copyFromUtf8("{}")));
  }

  @Test
  void keepAlive_isTheLifeOfTheRow() {
    call(A, rpc::updateScheduler, registration().build());
    var out = new Answers<Empty>();
    var stream = rpc.keepAlive(out);

    stream.onNext(ALIVE);
    stream.onNext(ALIVE);
    var during = state();
    stream.onCompleted();

    assertThat(during).isEqualTo("active");
    assertThat(state()).isEqualTo("inactive");
    assertThat(out.completed).isTrue();
    assertThat(audit.events())
        .extracting(e -> e.action())
        .containsExactly(AuditAction.PEER_JOIN, AuditAction.PEER_JOIN, AuditAction.PEER_LEAVE);
  }

  @Test
  void keepAlive_thatBreaksEndsTheRowToo() {
    call(A, rpc::updateScheduler, registration().build());
    var stream = rpc.keepAlive(new Answers<>());
    stream.onNext(ALIVE);

    stream.onError(io.grpc.Status.CANCELLED.asRuntimeException());

    assertThat(state()).isEqualTo("inactive");
  }

  @Test
  @Threat({"S-MGR-12"})
  void keepAlive_speaksForOneHostOnly() {
    call(A, rpc::updateScheduler, registration().build());
    call(A, rpc::updateScheduler, registration().setHostname("scheduler-b").build());
    var stream = rpc.keepAlive(new Answers<>());
    stream.onNext(ALIVE);

    var refused = refusal(() -> stream.onNext(ALIVE.toBuilder().setHostname("scheduler-b").build()));
    stream.onNext(ALIVE);
    stream.onCompleted();

    assertThat(refused).isEqualTo(Reason.CALLER_NOT_ALLOWED);
    assertThat(state()).isEqualTo("inactive");
  }

  @Test
  @Threat({"S-MGR-12"})
  void keepAlive_refusesOtherIdentitiesAndClusters() {
    call(A, rpc::updateScheduler, registration().build());
    caller.set(TestCallers.scheduler("east", "b"));
    var other = rpc.keepAlive(new Answers<>());
    caller.set(TestCallers.scheduler("west", "a"));
    var stranger = rpc.keepAlive(new Answers<>());
    caller.set(PEER);
    var peer = rpc.keepAlive(new Answers<>());

    assertThat(refusal(() -> other.onNext(ALIVE))).isEqualTo(Reason.SCHEDULER_UNKNOWN);
    assertThat(refusal(() -> stranger.onNext(ALIVE))).isEqualTo(Reason.CALLER_NOT_ALLOWED);
    assertThat(refusal(() -> peer.onNext(ALIVE))).isEqualTo(Reason.CALLER_NOT_ALLOWED);
    assertThat(state()).isEqualTo("inactive");
  }

  private String state() {
    ListSchedulersResponse all = call(PEER, rpc::listSchedulers, peerRequest().setSchedulerClusterId(1).build());
    return all.getSchedulers(0).getState();
  }

  private static UpdateSeedPeerRequest seedRegistration() {
    return UpdateSeedPeerRequest.newBuilder()
        .setSourceType(SourceType.SEED_PEER_SOURCE)
        .setHostname("seed-a")
        .setType("super")
        .setIp(ADDRESS)
        .setPort(4001)
        .setDownloadPort(4002)
        .setSeedPeerClusterId(1)
        .build();
  }

  @Test
  void seedPeers_areWrittenReadAndDeleted() {
    call(A, rpc::updateScheduler, registration().build());
    caller.set(A);
    rpc.keepAlive(new Answers<>()).onNext(ALIVE);
    SeedPeer written = call(SEED, rpc::updateSeedPeer, seedRegistration());

    SeedPeer read =
        call(
            A,
            rpc::getSeedPeer,
            GetSeedPeerRequest.newBuilder().setHostname("seed-a").setSeedPeerClusterId(1).build());
    ListSeedPeersResponse listed = call(A, rpc::listSeedPeers, ListSeedPeersRequest.getDefaultInstance());
    call(
        SEED,
        rpc::deleteSeedPeer,
        DeleteSeedPeerRequest.newBuilder().setHostname("seed-a").setSeedPeerClusterId(1).setIp(ADDRESS).build());

    assertThat(written.getState()).isEqualTo("active");
    assertThat(listed.getSeedPeersList()).containsExactly(written);
    assertThat(read.getSchedulersList()).containsExactly(scheduler("active").build());
    assertThat(read.getSeedPeerCluster().getConfig().toStringUtf8()).isEqualTo("{\"load_limit\":2000}");
    assertThat(read.toBuilder().clearSeedPeerCluster().clearSchedulers().build()).isEqualTo(written);
    ListSeedPeersResponse after = call(A, rpc::listSeedPeers, ListSeedPeersRequest.getDefaultInstance());
    assertThat(after.getSeedPeersList()).isEmpty();
  }

  @Test
  void listApplications_answersWhatIsDeclared() {
    ListApplicationsResponse answer = call(A, rpc::listApplications, ListApplicationsRequest.getDefaultInstance());

    var priority =
        ApplicationPriority.newBuilder()
            .setValue(Priority.LEVEL2)
            .addUrls(URLPriority.newBuilder().setRegex("[.]iso$").setValue(Priority.LEVEL5));
    assertThat(answer.getApplicationsList())
        .containsExactly(
            Application.newBuilder()
                .setId(1)
                .setName("app")
                .setUrl("https://app.example/")
                .setPriority(priority)
                .build());
  }

  @Test
  void listApplications_withoutAnySaysSo() {
    var empty = wire(List.of());

    assertThat(refusal(() -> call(A, empty::listApplications, ListApplicationsRequest.getDefaultInstance())))
        .isEqualTo(Reason.NOTHING_CONFIGURED);
  }
}
