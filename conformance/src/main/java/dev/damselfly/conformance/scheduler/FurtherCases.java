package dev.damselfly.conformance.scheduler;

import com.google.protobuf.Duration;
import dev.damselfly.api.wire.dfdaemon.v2.DownloadPersistentCacheTaskRequest;
import dev.damselfly.api.wire.scheduler.v2.ListHostsRequest;
import dev.damselfly.api.wire.scheduler.v2.PreheatImageRequest;
import dev.damselfly.api.wire.scheduler.v2.StatFileRequest;
import dev.damselfly.api.wire.scheduler.v2.UploadPersistentCacheTaskFinishedRequest;
import dev.damselfly.api.wire.scheduler.v2.UploadPersistentCacheTaskStartedRequest;
import dev.damselfly.conformance.counterpart.Content;
import dev.damselfly.conformance.counterpart.Origin;
import dev.damselfly.conformance.counterpart.ScriptedSeed;
import dev.damselfly.conformance.suite.Case;
import dev.damselfly.conformance.suite.Probe;
import dev.damselfly.conformance.suite.Stage;
import dev.damselfly.conformance.target.Role;
import io.grpc.Status;
import java.util.List;

/// Persistent cache tasks and jobs.
final class FurtherCases {
  private static final long PIECE = 4L << 20;

  private FurtherCases() {}

  static List<Case> all() {
    return List.of(
        wire("PCT-020/replicas", "B20", "download-flow 10.6", "a finished upload is replicated to another host", FurtherCases::replicas).needing("persistent-cache"),
        wire("PCT-021/twice", "B21", "download-flow 10.4", "a second UploadPersistentCacheTaskStarted is AlreadyExists", FurtherCases::twice).needing("persistent-cache"),
        wire("PCT-021/ttl", "B21", "download-flow 10.1", "a time to live below 300 s or above 604800 s is InvalidArgument", FurtherCases::ttl).needing("persistent-cache"),
        wire("IDG-026/stat-file", "B26", "ids 4", "StatFile asks peers for the id of the vectors", FurtherCases::statFile).needing("jobs"),
        Case.security("SEC-029/preheat", "B29", Role.SCHEDULER, "security B29", "a preheat does not read from the loopback address", FurtherCases::preheat).needing("jobs"));
  }

  private static Case wire(String id, String behaviour, String clause, String title, Case.Body body) {
    return Case.wire(id, behaviour, Role.SCHEDULER, clause, title, body);
  }

  private static UploadPersistentCacheTaskStartedRequest upload(Machine machine, String task, String peer, int replicas, long ttl) {
    return UploadPersistentCacheTaskStartedRequest.newBuilder()
        .setHostId(machine.id())
        .setTaskId(task)
        .setPeerId(peer)
        .setPersistentReplicaCount(replicas)
        .setPieceLength(PIECE)
        .setContentLength(10)
        .setPieceCount(1)
        .setTtl(Duration.newBuilder().setSeconds(ttl))
        .build();
  }

  private static Status.Code start(Machine machine, UploadPersistentCacheTaskStartedRequest request) {
    return Probe.code(() -> machine.calls().uploadPersistentCacheTaskStarted(request));
  }

  static void replicas(Stage stage) throws Exception {
    var site = Site.open(stage);
    var other = ScriptedSeed.openPeer(stage, "peer-b");
    new Machine(stage, site.endpoint(), "peer-b", false, other.endpoint().port()).announce();
    Machine owner = site.peer("peer-a");
    String task = stage.taskId();
    String peer = owner.newPeerId();
    Status.Code started = start(owner, upload(owner, task, peer, 2, 600));
    stage.control("an upload begins", started == Status.Code.OK, started);

    owner
        .calls()
        .uploadPersistentCacheTaskFinished(
            UploadPersistentCacheTaskFinishedRequest.newBuilder().setHostId(owner.id()).setTaskId(task).setPeerId(peer).build());
    DownloadPersistentCacheTaskRequest replica = stage.await("the other host is asked for a replica", other.replicas);

    stage.expect("task of the replica", task, replica.getTaskId());
    stage.expect("persistent", true, replica.getPersistent());
  }

  static void twice(Stage stage) throws Exception {
    var site = Site.open(stage);
    Machine owner = site.peer("peer-a");
    var request = upload(owner, stage.taskId(), owner.newPeerId(), 1, 600);
    Status.Code first = start(owner, request);
    stage.control("an upload begins", first == Status.Code.OK, first);

    stage.expect("the same again", Status.Code.ALREADY_EXISTS, start(owner, request));
  }

  static void ttl(Stage stage) throws Exception {
    var site = Site.open(stage);
    Machine owner = site.peer("peer-a");
    for (long good : new long[] {300, 604_800}) {
      Status.Code code = start(owner, upload(owner, stage.taskId(), owner.newPeerId(), 1, good));
      stage.control("a time to live of " + good + " s is taken", code == Status.Code.OK, code);
    }

    stage.expect("299 s", Status.Code.INVALID_ARGUMENT, start(owner, upload(owner, stage.taskId(), owner.newPeerId(), 1, 299)));
    stage.expect("604801 s", Status.Code.INVALID_ARGUMENT, start(owner, upload(owner, stage.taskId(), owner.newPeerId(), 1, 604_801)));
  }

  static void statFile(Stage stage) throws Exception {
    var site = Site.open(stage);
    var asked = ScriptedSeed.openPeer(stage, "peer-b");
    new Machine(stage, site.endpoint(), "peer-b", false, asked.endpoint().port()).announce();
    Machine caller = site.peer("peer-a");
    var plain = StatFileRequest.newBuilder().setUrl("http://origin.example/" + stage.taskId()).build();
    for (StatFileRequest form : List.of(plain, plain.toBuilder().setTag("tag-1").setApplication("app-1").build())) {
      Status.Code code = Probe.code(() -> caller.calls().statFile(form));
      stage.control("StatFile is answered", code == Status.Code.OK, code);
      String id = Content.sha256(form.getUrl() + form.getTag() + form.getApplication() + "STANDARD");
      stage.expect("task id with tag '" + form.getTag() + "'", id, stage.await("a peer is asked for the task", asked.stats).getTaskId());
    }
  }

  static void preheat(Stage stage) throws Exception {
    var site = Site.open(stage);
    Machine caller = site.peer("peer-a");
    stage.control("the host is known", caller.calls().listHosts(ListHostsRequest.getDefaultInstance()).getHostsCount() == 1, "absent");
    var origin = Origin.open(stage, 100);
    var request =
        PreheatImageRequest.newBuilder().setUrl(origin.base() + "/v2/library/x/manifests/latest").setScope("single_seed_peer").build();

    Status.Code code = Probe.code(() -> caller.calls().preheatImage(request));

    stage.expectTrue("PreheatImage of a loopback registry is refused", code != Status.Code.OK, code);
    stage.expect("requests that the registry saw", 0, origin.seen().size());
  }
}
