package dev.damselfly.conformance.scheduler;

import com.google.protobuf.Duration;
import dev.damselfly.api.wire.common.v2.Download;
import dev.damselfly.api.wire.scheduler.v2.AnnounceHostRequest;
import dev.damselfly.api.wire.scheduler.v2.AnnouncePeerRequest;
import dev.damselfly.api.wire.scheduler.v2.DownloadPieceFinishedRequest;
import dev.damselfly.api.wire.scheduler.v2.ListHostsRequest;
import dev.damselfly.api.wire.scheduler.v2.RegisterPeerRequest;
import dev.damselfly.api.wire.scheduler.v2.SchedulerGrpc;
import dev.damselfly.api.wire.scheduler.v2.StatCachePeerRequest;
import dev.damselfly.api.wire.scheduler.v2.StatTaskRequest;
import dev.damselfly.conformance.counterpart.Content;
import dev.damselfly.conformance.link.Credentials;
import dev.damselfly.conformance.suite.Case;
import dev.damselfly.conformance.suite.Probe;
import dev.damselfly.conformance.suite.Stage;
import dev.damselfly.conformance.target.Role;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import java.util.List;
import java.util.Set;

/// What a scheduler refuses, and what it keeps to itself.
final class GuardCases {
  private static final Set<Status.Code> DENIED =
      Set.of(Status.Code.PERMISSION_DENIED, Status.Code.UNAUTHENTICATED, Status.Code.NOT_FOUND);
  private static final Set<Status.Code> NO_CONNECTION = Set.of(Status.Code.UNAVAILABLE, Status.Code.UNAUTHENTICATED);

  private GuardCases() {}

  static List<Case> all() {
    return List.of(
        Case.wire("SCH-022/cache", "B22", Role.SCHEDULER, "wire-api 1", "Cache RPCs answer Unimplemented or empty, and the process lives", GuardCases::cache),
        Case.wire("SCH-022/health", "B22", Role.SCHEDULER, "wire-api 1", "the health service says SERVING", GuardCases::health),
        secure("SEC-022/reflection", "B22", "reflection is off", GuardCases::reflection),
        secure("SEC-027/anonymous", "B27", "a caller without a certificate is refused", stage -> stranger(stage, stage.target().actors().anonymous())).needing("mtls"),
        secure("SEC-027/foreign", "B27", "a caller of another authority is refused", stage -> stranger(stage, stage.target().actors().foreign(Role.PEER, "peer-b"))).needing("mtls"),
        secure("SEC-027/expired", "B27", "a caller whose certificate has expired is refused", stage -> stranger(stage, stage.target().actors().expired(Role.PEER, "peer-b"))).needing("mtls"),
        secure("SEC-027/plain", "B27", "a caller without TLS is refused", stage -> stranger(stage, new Credentials.Plain())).needing("mtls"),
        secure("SEC-027/other-host", "B27", "a host cannot be announced by another", GuardCases::otherHost).needing("mtls"),
        secure("SEC-027/other-peer", "B27", "a stream cannot speak for a peer of another host", GuardCases::otherPeer).needing("mtls"),
        secure("SEC-027/switch", "B27", "a stream cannot change the peer that it speaks for", GuardCases::switched).needing("mtls"),
        secure("SEC-027/path", "C20", "a network caller cannot name an output path", GuardCases::path),
        secure("SEC-028/canary", "B28", "request headers of one peer are shown to nobody", GuardCases::canary),
        secure("SEC-030/task-id", "B30", "task ids that are not 64 lower-case hexadecimal digits are refused", GuardCases::taskIds),
        secure("SEC-030/piece", "B30", "piece numbers and lengths beyond every file are refused", GuardCases::pieces),
        secure("SEC-030/interval", "B30", "a negative announce interval is refused", GuardCases::interval));
  }

  private static Case secure(String id, String behaviour, String title, Case.Body body) {
    return Case.security(id, behaviour, Role.SCHEDULER, "security " + behaviour, title, body);
  }

  static void cache(Stage stage) throws Exception {
    var site = Site.open(stage);
    Machine peer = site.peer("peer-a");
    stage.control("the host is known", peer.calls().listHosts(ListHostsRequest.getDefaultInstance()).getHostsCount() == 1, "absent");
    var request = StatCachePeerRequest.newBuilder().setHostId(peer.id()).setTaskId(stage.taskId()).setPeerId(peer.newPeerId()).build();

    Status.Code code = Probe.code(() -> peer.calls().statCachePeer(request));

    stage.expectTrue("StatCachePeer is Unimplemented or an empty success", code == Status.Code.UNIMPLEMENTED || code == Status.Code.OK, code);
    stage.expect("a call afterwards", Status.Code.OK, Probe.code(() -> peer.calls().listHosts(ListHostsRequest.getDefaultInstance())));
  }

  static void health(Stage stage) throws Exception {
    var site = Site.open(stage);
    String seen = Probe.health(stage, site.endpoint(), Role.PEER, "peer-a");
    stage.control("the health service answers", !seen.startsWith("error"), seen);
    stage.expect("status of the empty service name", "SERVING", seen);
  }

  static void reflection(Stage stage) throws Exception {
    var site = Site.open(stage);
    Machine peer = site.peer("peer-a");
    stage.control("the host is known", peer.calls().listHosts(ListHostsRequest.getDefaultInstance()).getHostsCount() == 1, "absent");

    Status.Code code = Probe.reflection(stage, site.endpoint(), Role.PEER, "peer-a");

    stage.expectTrue("server reflection is not served", code == Status.Code.UNIMPLEMENTED || DENIED.contains(code), code);
  }

  private static void stranger(Stage stage, Credentials credentials) throws Exception {
    var site = Site.open(stage);
    Machine peer = site.peer("peer-a");
    stage.control("a known caller is served", peer.calls().listHosts(ListHostsRequest.getDefaultInstance()).getHostsCount() == 1, "absent");

    var stub = SchedulerGrpc.newBlockingStub(stage.wire().channel("stranger", site.endpoint(), credentials));
    Status.Code code = Probe.code(() -> stub.withDeadlineAfter(stage.patience()).listHosts(ListHostsRequest.getDefaultInstance()));

    stage.expectTrue("no connection", NO_CONNECTION.contains(code), code);
  }

  static void otherHost(Stage stage) throws Exception {
    var site = Site.open(stage);
    Machine victim = site.peer("peer-a");
    Machine caller = site.peer("peer-b");
    stage.control("both are announced", caller.calls().listHosts(ListHostsRequest.getDefaultInstance()).getHostsCount() == 2, "fewer");

    Status.Code code = Probe.code(() -> caller.saying(_ -> victim.facts().toBuilder().setDisableShared(true)).announce());

    stage.expectTrue("AnnounceHost with the host of another", DENIED.contains(code), code);
  }

  static void otherPeer(Stage stage) throws Exception {
    var site = Site.open(stage);
    Machine victim = site.peer("peer-a");
    Machine caller = site.peer("peer-b");
    Content content = site.content();
    Answer own = caller.register(content).next();
    stage.control("a peer registers for its own host", own instanceof Answer.ToOrigin, own);

    Answer answer = caller.open(content.taskId(), victim.newPeerId()).send(register(content)).next();

    stage.expectTrue("Register with a peer id of another host", denied(answer), answer);
  }

  private static boolean denied(Answer answer) {
    return answer instanceof Answer.End(Status.Code code) && DENIED.contains(code);
  }

  private static AnnouncePeerRequest register(Content content) {
    return AnnouncePeerRequest.newBuilder().setRegisterPeerRequest(RegisterPeerRequest.newBuilder().setDownload(content.download())).build();
  }

  static void switched(Stage stage) throws Exception {
    var site = Site.open(stage);
    Machine caller = site.peer("peer-b");
    Announcement stream = caller.register(site.content());
    Answer first = stream.next();
    stage.control("a peer registers for its own host", first instanceof Answer.ToOrigin, first);

    Answer answer = stream.speakAs(caller.newPeerId()).originStarted().next();

    stage.expectTrue("a message for another peer on the same stream", denied(answer), answer);
  }

  static void path(Stage stage) throws Exception {
    var site = Site.open(stage);
    Machine peer = site.peer("peer-a");
    Answer plain = peer.register(site.content()).next();
    stage.control("a Register without a path is answered", plain instanceof Answer.ToOrigin, plain);

    Answer answer = peer.register(site.content().with(download -> download.setOutputPath("/etc/cron.d/x"))).next();

    stage.expectTrue(
        "Register with output_path",
        answer instanceof Answer.End(Status.Code code)
            && Set.of(Status.Code.PERMISSION_DENIED, Status.Code.INVALID_ARGUMENT).contains(code),
        answer);
  }

  static void canary(Stage stage) throws Exception {
    var site = Site.open(stage);
    String secret = "canary" + stage.taskId();
    Content content = site.content().with(download -> download.putRequestHeader("Authorization", "Bearer " + secret));
    Machine owner = site.peer("parent-a");
    site.holder(owner, content);
    Machine other = site.peer("peer-b");
    Announcement child = other.register(content.with(Download.Builder::clearRequestHeader));
    Answer offered = child.next();
    stage.control("the other peer is answered", !(offered instanceof Answer.End), offered);

    String seen =
        (offered instanceof Answer.Normal normal ? normal.parents().toString() : "")
            + Probe.text(() -> other.calls().statTask(StatTaskRequest.newBuilder().setHostId(other.id()).setTaskId(content.taskId()).build()))
            + other.calls().listHosts(ListHostsRequest.getDefaultInstance());
    stage.expectTrue("the secret is in no answer", !seen.contains(secret), "it is there");
    stage.expectTrue("the secret is not in the output of the program", !site.scheduler().output().contains(secret), "it is there");
    stage.expect("files that hold the secret", List.of(), Probe.filesWith(stage.work(), secret));
  }

  static void taskIds(Stage stage) throws Exception {
    var site = Site.open(stage);
    Machine peer = site.peer("peer-a");
    Content content = site.content();
    Answer good = peer.register(content).next();
    stage.control("the right id is taken", good instanceof Answer.ToOrigin, good);

    for (String id : Probe.hostileTaskIds(content.taskId())) {
      Answer answer = peer.open(id, peer.newPeerId()).send(register(content)).next();
      stage.expect("task id '" + id + "'", new Answer.End(Status.Code.INVALID_ARGUMENT), answer);
    }
  }

  static void pieces(Stage stage) throws Exception {
    var site = Site.open(stage);
    Machine peer = site.peer("peer-a");
    for (long[] hostile : new long[][] {{-1, 4L << 20}, {1L << 31, 4L << 20}, {0, -1}}) {
      Announcement stream = peer.register(site.content().with(download -> download.setNeedBackToSource(true)));
      stream.toOrigin("a peer that asks for the origin is sent there");
      stream.originStarted().pieceFromOrigin(0, 10);
      stage.control("the stream is open", true, "");
      var piece = DownloadPieceFinishedRequest.newBuilder();
      piece.getPieceBuilder()
          .setNumber((int) hostile[0])
          .setLength(hostile[1])
          .setCost(Duration.newBuilder().setSeconds(1))
          .getCreatedAtBuilder()
          .setSeconds(1_767_225_600);
      stream.send(AnnouncePeerRequest.newBuilder().setDownloadPieceFinishedRequest(piece).build());
      stage.expect("piece " + hostile[0] + " of length " + hostile[1], Status.Code.INVALID_ARGUMENT, stream.end("the end after a hostile piece"));
    }
  }

  static void interval(Stage stage) throws Exception {
    var site = Site.open(stage);
    Machine peer = site.peer("peer-a");
    stage.control("a positive interval is taken", true, "");
    var request = AnnounceHostRequest.newBuilder().setHost(peer.facts()).setInterval(Duration.newBuilder().setSeconds(-300)).build();

    try {
      peer.calls().announceHost(request);
      stage.expect("AnnounceHost with an interval of -300 s", Status.Code.INVALID_ARGUMENT, Status.Code.OK);
    } catch (StatusRuntimeException e) {
      stage.expect("AnnounceHost with an interval of -300 s", Status.Code.INVALID_ARGUMENT, e.getStatus().getCode());
    }
  }
}
