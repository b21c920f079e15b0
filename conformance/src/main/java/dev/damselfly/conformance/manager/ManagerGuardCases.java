package dev.damselfly.conformance.manager;

import dev.damselfly.api.wire.manager.v2.ManagerGrpc;
import dev.damselfly.api.wire.manager.v2.SourceType;
import dev.damselfly.conformance.link.Credentials;
import dev.damselfly.conformance.suite.Case;
import dev.damselfly.conformance.suite.Probe;
import dev.damselfly.conformance.suite.Stage;
import dev.damselfly.conformance.target.Role;
import io.grpc.Status;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/// What a manager refuses.
final class ManagerGuardCases {
  private static final Set<Status.Code> DENIED =
      Set.of(Status.Code.PERMISSION_DENIED, Status.Code.UNAUTHENTICATED, Status.Code.NOT_FOUND);
  private static final Set<Status.Code> NO_CONNECTION = Set.of(Status.Code.UNAVAILABLE, Status.Code.UNAUTHENTICATED);

  private ManagerGuardCases() {}

  static List<Case> all() {
    return List.of(
        secure("SEC-127/anonymous", "a caller without a certificate is refused", stage -> stranger(stage, stage.target().actors().anonymous())),
        secure("SEC-127/foreign", "a caller of another authority is refused", stage -> stranger(stage, stage.target().actors().foreign(Role.PEER, "peer-b"))),
        secure("SEC-127/expired", "a caller whose certificate has expired is refused", stage -> stranger(stage, stage.target().actors().expired(Role.PEER, "peer-b"))),
        secure("SEC-127/plain", "a caller without TLS is refused", stage -> stranger(stage, new Credentials.Plain())),
        secure("SEC-127/source", "a peer cannot call as a scheduler", ManagerGuardCases::source),
        secure("SEC-127/other-cluster", "a scheduler cannot join a cluster that is not its own", ManagerGuardCases::otherCluster),
        secure("SEC-127/other-host", "a scheduler cannot keep the row of another alive", ManagerGuardCases::otherHost),
        Case.security("SEC-122/reflection", "B22", Role.MANAGER, "security B22", "reflection is off", ManagerGuardCases::reflection));
  }

  private static Case secure(String id, String title, Case.Body body) {
    return Case.security(id, "B27", Role.MANAGER, "security B27", title, body).needing("mtls");
  }

  private static void stranger(Stage stage, Credentials credentials) throws Exception {
    var site = ManagerSite.open(stage);
    site.register("s1", ManagerSite.EAST);
    var request = ManagerSite.question("peer-b").setSchedulerClusterId(ManagerSite.EAST).build();
    var known = site.schedulers("peer-b", request);
    stage.control("a known caller is told of the scheduler", known.size() == 1 && known.getFirst().getHostname().equals("s1"), known);

    var stub = ManagerGrpc.newBlockingStub(stage.wire().channel("stranger", site.manager().endpoint(), credentials));
    Status.Code code = Probe.code(() -> stub.withDeadlineAfter(stage.patience()).listSchedulers(request));

    stage.expectTrue("no connection", NO_CONNECTION.contains(code), code);
  }

  static void source(Stage stage) throws Exception {
    var site = ManagerSite.open(stage);
    stage.control("a scheduler registers", site.register("s1", ManagerSite.EAST).getId() > 0, "no id");

    Status.Code code = Probe.code(() -> site.calls(Role.PEER, "peer-b").updateScheduler(ManagerSite.registration("peer-b", ManagerSite.EAST)));
    Status.Code lying =
        Probe.code(() -> site.schedulers("peer-b", ManagerSite.question("peer-b").setSourceType(SourceType.SCHEDULER_SOURCE).build()));

    stage.expectTrue("UpdateScheduler by a peer", DENIED.contains(code), code);
    stage.expectTrue("ListSchedulers by a peer that says it is a scheduler", DENIED.contains(lying), lying);
  }

  static void otherCluster(Stage stage) throws Exception {
    var site = ManagerSite.open(stage);
    stage.control("a scheduler registers in its own cluster", site.register("s1", ManagerSite.EAST).getId() > 0, "no id");

    Status.Code code = Probe.code(() -> site.register("s1", ManagerSite.WEST));

    stage.expectTrue("UpdateScheduler for another cluster", DENIED.contains(code), code);
  }

  static void otherHost(Stage stage) throws Exception {
    var site = ManagerSite.open(stage);
    site.register("s1", ManagerSite.EAST);
    site.register("s2", ManagerSite.EAST);
    site.keepAlive("s2", ManagerSite.EAST);
    boolean own = stage.eventually(() -> site.state("peer-a", "s2", ManagerSite.EAST).equals(Optional.of("active")));
    stage.control("a scheduler keeps its own row alive", own, "inactive");

    var ended = new java.util.concurrent.LinkedBlockingQueue<Status.Code>();
    var stream = ManagerGrpc.newStub(site.channel(Role.SCHEDULER, "s2")).keepAlive(new End(ended));
    stream.onNext(ManagerSite.beat("s1", ManagerSite.EAST));
    Status.Code code = stage.await("the end of a stream for the row of another", ended);

    stage.expectTrue("KeepAlive for the row of another", DENIED.contains(code), code);
    stage.expect("its state", Optional.of("inactive"), site.state("peer-a", "s1", ManagerSite.EAST));
  }

  static void reflection(Stage stage) throws Exception {
    var site = ManagerSite.open(stage);
    stage.control("a scheduler registers", site.register("s1", ManagerSite.EAST).getId() > 0, "no id");

    Status.Code code = Probe.reflection(stage, site.manager().endpoint(), Role.PEER, "peer-a");

    stage.expectTrue("server reflection is not served", code == Status.Code.UNIMPLEMENTED || DENIED.contains(code), code);
  }

  /// How a stream ends.
  private record End(java.util.concurrent.BlockingQueue<Status.Code> ended)
      implements io.grpc.stub.StreamObserver<com.google.protobuf.Empty> {
    @Override
    public void onNext(com.google.protobuf.Empty value) {
      // the end follows
    }

    @Override
    public void onError(Throwable t) {
      ended.add(Status.fromThrowable(t).getCode());
    }

    @Override
    public void onCompleted() {
      ended.add(Status.Code.OK);
    }
  }
}
