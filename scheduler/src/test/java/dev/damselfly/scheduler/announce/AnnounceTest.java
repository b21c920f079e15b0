package dev.damselfly.scheduler.announce;

import static org.assertj.core.api.Assertions.assertThat;

import dev.damselfly.api.assurance.Threat;
import dev.damselfly.api.error.GrpcErrors;
import dev.damselfly.api.error.Reason;
import dev.damselfly.api.wire.common.v2.Download;
import dev.damselfly.api.wire.common.v2.Peer;
import dev.damselfly.api.wire.common.v2.Piece;
import dev.damselfly.api.wire.common.v2.Priority;
import dev.damselfly.api.wire.common.v2.SizeScope;
import dev.damselfly.api.wire.scheduler.v2.AnnouncePeerRequest;
import dev.damselfly.api.wire.scheduler.v2.AnnouncePeerResponse;
import dev.damselfly.api.wire.scheduler.v2.AnnouncePeerResponse.ResponseCase;
import dev.damselfly.api.wire.scheduler.v2.DeleteHostRequest;
import dev.damselfly.api.wire.scheduler.v2.DownloadPeerBackToSourceFailedRequest;
import dev.damselfly.api.wire.scheduler.v2.DownloadPeerBackToSourceFinishedRequest;
import dev.damselfly.api.wire.scheduler.v2.DownloadPeerBackToSourceStartedRequest;
import dev.damselfly.api.wire.scheduler.v2.DownloadPeerFailedRequest;
import dev.damselfly.api.wire.scheduler.v2.DownloadPeerFinishedRequest;
import dev.damselfly.api.wire.scheduler.v2.DownloadPeerStartedRequest;
import dev.damselfly.api.wire.scheduler.v2.DownloadPieceBackToSourceFinishedRequest;
import dev.damselfly.api.wire.scheduler.v2.DownloadPieceFailedRequest;
import dev.damselfly.api.wire.scheduler.v2.DownloadPieceFinishedRequest;
import dev.damselfly.api.wire.scheduler.v2.RegisterPeerRequest;
import dev.damselfly.api.wire.scheduler.v2.ReschedulePeerRequest;
import dev.damselfly.api.wire.scheduler.v2.StatTaskRequest;
import dev.damselfly.authz.audit.AuditAction;
import dev.damselfly.authz.identity.Role;
import dev.damselfly.scheduler.boot.Harness;
import dev.damselfly.scheduler.boot.Talk;
import dev.damselfly.scheduler.task.PeerState;
import dev.damselfly.scheduler.task.Task;
import dev.damselfly.scheduler.task.TaskKey;
import dev.damselfly.scheduler.task.TaskState;
import io.grpc.Status;
import java.time.Duration;
import java.util.List;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/// Sequences of the announce stream through an in-process server, with manual time.
@NullMarked
class AnnounceTest {
  private static final Download FILE = Harness.download("http://origin/f", 3);
  private static final Duration SECONDS = Duration.ofSeconds(5);

  private final Harness scheduler = new Harness();

  @AfterEach
  void close() {
    scheduler.close();
  }

  /// A child with its stream.
  private final class Child {
    final String name;
    final String hostId;
    final String peerId;
    final Download download;
    final Talk<AnnouncePeerRequest, AnnouncePeerResponse> talk;

    Child(String name, Role role, Download download) {
      this.name = name;
      this.hostId = scheduler.announce(name, role);
      this.peerId = hostId + "-1";
      this.download = download;
      this.talk = Talk.open(out -> scheduler.scheduler(name).announcePeer(out));
    }

    Child register() {
      say(m -> m.setRegisterPeerRequest(RegisterPeerRequest.newBuilder().setDownload(download)));
      scheduler.timer.advance(Duration.ofMillis(100));
      return this;
    }

    void say(UnaryOperator<AnnouncePeerRequest.Builder> message) {
      var ids = AnnouncePeerRequest.newBuilder().setHostId(hostId).setPeerId(peerId)
          .setTaskId(Harness.taskId(download).value());
      talk.say(message.apply(ids).build());
    }

    void started() {
      say(m -> m.setDownloadPeerStartedRequest(DownloadPeerStartedRequest.getDefaultInstance()));
    }

    void finished() {
      say(m -> m.setDownloadPeerFinishedRequest(DownloadPeerFinishedRequest.getDefaultInstance()));
    }

    void originStarted() {
      say(m -> m.setDownloadPeerBackToSourceStartedRequest(DownloadPeerBackToSourceStartedRequest.getDefaultInstance()));
    }

    void originFinished() {
      say(m -> m.setDownloadPeerBackToSourceFinishedRequest(DownloadPeerBackToSourceFinishedRequest.getDefaultInstance()));
    }

    ResponseCase answer() {
      List<AnnouncePeerResponse> all = talk.heard();
      assertThat(all).isNotEmpty();
      return all.getLast().getResponseCase();
    }

    PeerState state() {
      return task().stateOf(peerId).orElseThrow();
    }
  }

  private Task task() {
    return scheduler.tasks.find(TaskKey.publicTask(Harness.taskId(FILE))).orElseThrow();
  }

  /// A peer that brought the file from the origin.
  private Child holder(String name) {
    var holder = new Child(name, Role.PEER, FILE.toBuilder().setNeedBackToSource(true).build()).register();
    holder.originStarted();
    holder.originFinished();
    return holder;
  }

  private static Piece piece(int number, String parent) {
    var piece = Piece.newBuilder().setNumber(number).setOffset(4L * number * Harness.MIB).setLength(4 * Harness.MIB)
        .setCost(com.google.protobuf.Duration.newBuilder().setNanos(5));
    return parent.isEmpty() ? piece.build() : piece.setParentId(parent).build();
  }

  @Test
  void noSeedAndNoParent_sendsTheFirstPeerToTheOrigin() {
    var child = new Child("a", Role.PEER, FILE).register();

    assertThat(child.answer()).isEqualTo(ResponseCase.NEED_BACK_TO_SOURCE_RESPONSE);
    child.originStarted();
    child.say(m -> m.setDownloadPieceBackToSourceFinishedRequest(
        DownloadPieceBackToSourceFinishedRequest.newBuilder().setPiece(piece(0, ""))));
    assertThat(child.state()).isEqualTo(PeerState.BACK_TO_SOURCE);
    child.originFinished();
    assertThat(child.talk.end()).contains(Status.Code.OK);
    assertThat(child.state()).isEqualTo(PeerState.SUCCEEDED);
    assertThat(task().state()).isEqualTo(TaskState.SUCCEEDED);
  }

  @Test
  void aHolder_becomesTheParentOfTheNext() {
    Child parent = holder("a");

    var child = new Child("b", Role.PEER, FILE).register();

    assertThat(child.answer()).isEqualTo(ResponseCase.NORMAL_TASK_RESPONSE);
    Peer candidate = child.talk.heard().getLast().getNormalTaskResponse().getCandidateParents(0);
    assertThat(candidate.getId()).isEqualTo(parent.peerId);
    assertThat(candidate.getState()).isEqualTo("Succeeded");
    assertThat(candidate.getHost().getIp()).isEqualTo("127.0.0." + candidate.getHost().getIp().substring(8));
    assertThat(candidate.getTask().getPieceCount()).isEqualTo(3);
    child.started();
    child.say(m -> m.setDownloadPieceFinishedRequest(
        DownloadPieceFinishedRequest.newBuilder().setPiece(piece(1, parent.peerId))));
    child.finished();
    assertThat(child.talk.end()).contains(Status.Code.OK);
    assertThat(child.state()).isEqualTo(PeerState.SUCCEEDED);
    assertThat(scheduler.hosts.find(parent.hostId).orElseThrow().load().uploads()).isEqualTo(1);
    assertThat(scheduler.hosts.find(parent.hostId).orElseThrow().load().concurrentUploads()).isZero();
  }

  @Test
  void started_mayBeRepeated() {
    holder("a");
    var child = new Child("b", Role.PEER, FILE).register();

    child.started();
    child.started();

    assertThat(child.state()).isEqualTo(PeerState.RUNNING);
    assertThat(child.talk.end()).isEmpty();
  }

  @Test
  void reschedule_blocksTheEchoedParentsAndEndsAtTheOrigin() {
    Child parent = holder("a");
    var child = new Child("b", Role.PEER, FILE).register();
    child.started();

    child.say(m -> m.setDownloadPieceFailedRequest(
        DownloadPieceFailedRequest.newBuilder().setParentId(parent.peerId).setTemporary(true)));
    child.say(m -> m.setReschedulePeerRequest(
        ReschedulePeerRequest.newBuilder().addCandidateParents(Peer.newBuilder().setId(parent.peerId))));
    assertThat(child.talk.heard()).hasSize(1);
    scheduler.timer.advance(SECONDS);

    assertThat(child.answer()).isEqualTo(ResponseCase.NEED_BACK_TO_SOURCE_RESPONSE);
    assertThat(scheduler.hosts.find(parent.hostId).orElseThrow().load().failedUploads()).isEqualTo(1);
  }

  @Test
  void emptyFile_isAnsweredAtOnceInBothOrdersOfTheEnd() {
    var empty = Download.newBuilder().setUrl("http://origin/empty").setActualContentLength(0).build();
    var first = new Child("a", Role.PEER, empty).register();
    first.started();
    first.finished();
    var second = new Child("b", Role.PEER, empty).register();
    second.finished();
    second.started();

    assertThat(first.answer()).isEqualTo(ResponseCase.EMPTY_TASK_RESPONSE);
    assertThat(first.talk.end()).contains(Status.Code.OK);
    assertThat(second.answer()).isEqualTo(ResponseCase.EMPTY_TASK_RESPONSE);
    assertThat(second.talk.end()).contains(Status.Code.OK);
  }

  @Test
  void metadataOnly_isAnsweredWithoutBackOff() {
    var child = new Child("a", Role.PEER, FILE.toBuilder().setMetadataOnly(true).build());
    child.say(m -> m.setRegisterPeerRequest(RegisterPeerRequest.newBuilder().setDownload(child.download)));

    assertThat(child.answer()).isEqualTo(ResponseCase.METADATA_ONLY_RESPONSE);
    child.started();
    child.finished();
    assertThat(child.talk.end()).contains(Status.Code.OK);
  }

  @Test
  void failure_endsWithOkAndAFailedPeer() {
    var child = new Child("a", Role.PEER, FILE).register();

    child.say(m -> m.setDownloadPeerFailedRequest(DownloadPeerFailedRequest.getDefaultInstance()));

    assertThat(child.talk.end()).contains(Status.Code.OK);
    assertThat(child.state()).isEqualTo(PeerState.FAILED);
  }

  @Test
  void originFailure_forgetsTheSizes() {
    var child = new Child("a", Role.PEER, FILE).register();
    child.originStarted();

    child.say(m -> m.setDownloadPeerBackToSourceFailedRequest(DownloadPeerBackToSourceFailedRequest.getDefaultInstance()));

    assertThat(child.talk.end()).contains(Status.Code.OK);
    assertThat(task().state()).isEqualTo(TaskState.FAILED);
    var stat = scheduler.blocking("a").statTask(StatTaskRequest.newBuilder().setHostId(child.hostId)
        .setTaskId(Harness.taskId(FILE).value()).build());
    assertThat(stat.getContentLength()).isEqualTo(-1);
    assertThat(stat.getSizeScope()).isEqualTo(SizeScope.UNKNOW);
  }

  @Test
  void seed_isTriggeredWithAScrubbedDownload() {
    scheduler.seeds.available(true);
    var file = FILE.toBuilder().setOutputPath("/secret/place").setPriority(Priority.LEVEL6).build();
    var child = new Child("a", Role.PEER, file).register();

    assertThat(child.talk.heard()).isEmpty();
    assertThat(scheduler.seeds.triggered()).hasSize(1);
    var seed = new Child("s", Role.SEED_PEER, FILE.toBuilder().setNeedBackToSource(true).build());
    seed.register();
    assertThat(seed.answer()).isEqualTo(ResponseCase.NEED_BACK_TO_SOURCE_RESPONSE);
    seed.originStarted();
    scheduler.timer.advance(SECONDS);
    assertThat(child.answer()).isEqualTo(ResponseCase.NORMAL_TASK_RESPONSE);
  }

  @Test
  void priorities_decideWhoGoesToTheOrigin() {
    scheduler.seeds.available(true);
    var own = new Child("a", Role.PEER, other("3").setPriority(Priority.LEVEL3).build()).register();
    var self = new Child("b", Role.PEER, other("2").setPriority(Priority.LEVEL2).build()).register();
    var forbidden = new Child("c", Role.PEER, other("1").setPriority(Priority.LEVEL1).build()).register();

    assertThat(own.answer()).isEqualTo(ResponseCase.NEED_BACK_TO_SOURCE_RESPONSE);
    assertThat(self.talk.end()).contains(Status.Code.NOT_FOUND);
    assertThat(forbidden.talk.end()).contains(Status.Code.FAILED_PRECONDITION);
    assertThat(scheduler.seeds.triggered()).isEmpty();
  }

  private static Download.Builder other(String name) {
    return Harness.download("http://origin/" + name, 3).toBuilder();
  }

  @Test
  void unknownHost_isNotFound() {
    scheduler.caller("ghost", Role.PEER);
    Talk<AnnouncePeerRequest, AnnouncePeerResponse> talk = Talk.open(out -> scheduler.scheduler("ghost").announcePeer(out));

    talk.say(AnnouncePeerRequest.newBuilder().setHostId("127.0.0.1-ghost").setPeerId("p").setTaskId("a".repeat(64))
        .setRegisterPeerRequest(RegisterPeerRequest.newBuilder().setDownload(FILE)).build());

    assertThat(talk.end()).contains(Status.Code.NOT_FOUND);
  }

  @Test
  void firstMessage_mustRegister() {
    var child = new Child("a", Role.PEER, FILE);

    child.started();

    assertThat(GrpcErrors.reasonOf(child.talk.failure())).contains(Reason.WRONG_STATE);
  }

  @Test
  @Threat({"S-SCH-1", "S-SCH-2", "F-44"})
  void ids_areFixedByTheFirstMessage() {
    Child other = holder("a");
    for (UnaryOperator<AnnouncePeerRequest.Builder> change : List.<UnaryOperator<AnnouncePeerRequest.Builder>>of(
        m -> m.setHostId(other.hostId), m -> m.setPeerId(other.peerId), m -> m.setTaskId("b".repeat(64)))) {
      var child = new Child("b" + System.identityHashCode(change), Role.PEER, FILE).register();

      child.say(m -> change.apply(m).setDownloadPeerFinishedRequest(DownloadPeerFinishedRequest.getDefaultInstance()));

      assertThat(GrpcErrors.reasonOf(child.talk.failure())).contains(Reason.CALLER_NOT_ALLOWED);
      assertThat(child.state()).isEqualTo(PeerState.FAILED);
      assertThat(other.state()).isEqualTo(PeerState.SUCCEEDED);
    }
    assertThat(scheduler.audit).anyMatch(event -> event.action() == AuditAction.AUTHZ_DENY);
  }

  @Test
  @Threat({"S-SCH-1", "S-SCH-2"})
  void registration_forAnothersHostOrLivePeerIsRefused() {
    var victim = new Child("a", Role.PEER, FILE).register();
    scheduler.announce("b", Role.PEER);
    Talk<AnnouncePeerRequest, AnnouncePeerResponse> spoof = Talk.open(out -> scheduler.scheduler("b").announcePeer(out));
    spoof.say(register(victim));
    Talk<AnnouncePeerRequest, AnnouncePeerResponse> second = Talk.open(out -> scheduler.scheduler("a").announcePeer(out));
    second.say(register(victim));

    assertThat(GrpcErrors.reasonOf(spoof.failure())).contains(Reason.CALLER_NOT_ALLOWED);
    assertThat(GrpcErrors.reasonOf(second.failure())).contains(Reason.WRONG_STATE);
    assertThat(victim.talk.end()).isEmpty();
  }

  private static AnnouncePeerRequest register(Child child) {
    return AnnouncePeerRequest.newBuilder().setHostId(child.hostId).setPeerId(child.peerId)
        .setTaskId(Harness.taskId(child.download).value())
        .setRegisterPeerRequest(RegisterPeerRequest.newBuilder().setDownload(child.download)).build();
  }

  @Test
  void lostStream_leavesThePeerAsItIsAndLetsItReturn() {
    var child = new Child("a", Role.PEER, FILE).register();
    child.originStarted();

    child.talk.breakOff();
    assertThat(child.state()).isEqualTo(PeerState.BACK_TO_SOURCE);
    Talk<AnnouncePeerRequest, AnnouncePeerResponse> again = Talk.open(out -> scheduler.scheduler("a").announcePeer(out));
    again.say(register(child));
    scheduler.timer.advance(SECONDS);

    assertThat(again.heard()).isNotEmpty();
  }

  @Test
  @Threat({"S-SCH-3", "F-27"})
  void task_underAForeignIdIsRefused() {
    var child = new Child("a", Role.PEER, FILE);

    child.talk.say(register(child).toBuilder().setTaskId("c".repeat(64)).build());

    assertThat(GrpcErrors.reasonOf(child.talk.failure())).contains(Reason.MALFORMED_FIELD);
    assertThat(scheduler.tasks.all()).isEmpty();
  }

  /// The key alone gives the id; what the id stands for is the key together with its URL.
  @Test
  @Threat("S-SCH-4")
  void contentKey_givesNobodyTheTaskOfAnotherUrl() {
    var keyed = FILE.toBuilder().setContentForCalculatingTaskId("sha256:" + "a".repeat(64)).build();
    var elsewhere = keyed.toBuilder().setUrl("http://attacker/f").build();
    var first = new Child("a", Role.PEER, keyed).register();
    first.originStarted();
    first.originFinished();
    assertThat(Harness.taskId(elsewhere)).isEqualTo(Harness.taskId(keyed));

    var other = new Child("b", Role.PEER, elsewhere);
    other.talk.say(register(other));
    scheduler.timer.advance(SECONDS);

    assertThat(GrpcErrors.reasonOf(other.talk.failure())).contains(Reason.ID_BOUND_ELSEWHERE);
    assertThat(other.talk.heard()).isEmpty();
    assertThat(new Child("c", Role.PEER, keyed).register().talk.heard()).isNotEmpty();
  }

  @Test
  @Threat({"S-SCH-6", "S-SCH-3"})
  void hostilePieceNumbers_changeNothing() {
    for (int number : new int[] {3, 1 << 20, Integer.MAX_VALUE, -1, Integer.MIN_VALUE}) {
      var child = new Child("n" + Integer.toUnsignedString(number), Role.PEER, FILE).register();

      child.say(m -> m.setDownloadPieceFinishedRequest(DownloadPieceFinishedRequest.newBuilder()
          .setPiece(piece(0, "").toBuilder().setNumber(number))));

      assertThat(GrpcErrors.reasonOf(child.talk.failure())).contains(Reason.MALFORMED_FIELD);
    }
  }

  @Test
  @Threat("S-SCH-6")
  void echoedParents_areBounded() {
    var child = new Child("a", Role.PEER, FILE).register();
    var echo = ReschedulePeerRequest.newBuilder();
    for (int i = 0; i < 21; i++) {
      echo.addCandidateParents(Peer.newBuilder().setId("p" + i));
    }

    child.say(m -> m.setReschedulePeerRequest(echo));

    assertThat(GrpcErrors.reasonOf(child.talk.failure())).contains(Reason.MALFORMED_FIELD);
  }

  @Test
  @Threat({"S-SCH-5", "F-07"})
  void requestHeaders_reachNobody() {
    scheduler.seeds.available(true);
    var secret = FILE.toBuilder().putRequestHeader("Authorization", "Bearer canary-7f3").build();
    var first = new Child("a", Role.PEER, secret).register();
    first.originStarted();
    var next = new Child("b", Role.PEER, FILE).register();
    var stat = scheduler.blocking("b").statTask(StatTaskRequest.newBuilder().setHostId(next.hostId)
        .setTaskId(Harness.taskId(FILE).value()).build());

    assertThat(scheduler.seeds.triggered().toString()).doesNotContain("canary");
    assertThat(next.talk.heard().toString()).contains("normal_task_response").doesNotContain("canary");
    assertThat(stat.toString()).doesNotContain("canary");
    assertThat(scheduler.audit.toString()).doesNotContain("canary");
  }

  @Test
  void deleteHost_makesItsPeersLeave() {
    Child parent = holder("a");

    scheduler.blocking("a").deleteHost(DeleteHostRequest.newBuilder().setHostId(parent.hostId).build());

    assertThat(parent.state()).isEqualTo(PeerState.LEAVE);
  }

  @Test
  void childOfAFailingSeed_goesToTheOriginAfterFourRounds() {
    scheduler.seeds.available(true);
    var child = new Child("a", Role.PEER, FILE).register();

    scheduler.timer.advance(Duration.ofMillis(1400));
    assertThat(child.talk.heard()).isEmpty();
    scheduler.timer.advance(Duration.ofMillis(1200));

    assertThat(child.answer()).isEqualTo(ResponseCase.NEED_BACK_TO_SOURCE_RESPONSE);
  }
}
