package dev.damselfly.scheduler.announce;

import static org.assertj.core.api.Assertions.assertThat;

import dev.damselfly.api.assurance.Threat;
import dev.damselfly.api.error.GrpcErrors;
import dev.damselfly.api.error.Reason;
import dev.damselfly.api.wire.common.v2.Download;
import dev.damselfly.api.wire.common.v2.Peer;
import dev.damselfly.api.wire.common.v2.Piece;
import dev.damselfly.api.wire.damselfly.v1.ContentFacts;
import dev.damselfly.api.wire.damselfly.v1.JoinEvent;
import dev.damselfly.api.wire.damselfly.v1.JoinRequest;
import dev.damselfly.api.wire.damselfly.v1.Register;
import dev.damselfly.api.wire.scheduler.v2.AnnouncePeerRequest;
import dev.damselfly.api.wire.scheduler.v2.AnnouncePeerResponse;
import dev.damselfly.api.wire.scheduler.v2.AnnouncePeerResponse.ResponseCase;
import dev.damselfly.api.wire.scheduler.v2.DownloadPeerBackToSourceFailedRequest;
import dev.damselfly.api.wire.scheduler.v2.DownloadPeerBackToSourceFinishedRequest;
import dev.damselfly.api.wire.scheduler.v2.DownloadPeerBackToSourceStartedRequest;
import dev.damselfly.api.wire.scheduler.v2.DownloadPieceBackToSourceFinishedRequest;
import dev.damselfly.api.wire.scheduler.v2.RegisterPeerRequest;
import dev.damselfly.authz.identity.Role;
import dev.damselfly.scheduler.boot.Harness;
import dev.damselfly.scheduler.boot.Talk;
import dev.damselfly.scheduler.swarm.SwarmConfig;
import dev.damselfly.scheduler.task.Task;
import dev.damselfly.scheduler.task.TaskKey;
import dev.damselfly.scheduler.task.Tasks;
import java.time.Duration;
import java.util.List;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/// Who is told of whom when some have no identity: an in-process server, manual time.
@NullMarked
class LegacyTreeTest {
  private static final Download FILE = Harness.download("http://origin/f", 3);

  private Harness scheduler = new Harness();

  @AfterEach
  void close() {
    scheduler.close();
  }

  /// A child of the tree.
  private final class Child {
    final String hostId;
    final Talk<AnnouncePeerRequest, AnnouncePeerResponse> talk;

    Child(String name, Role role, Download download) {
      hostId = scheduler.announce(name, role);
      talk = Talk.open(out -> scheduler.scheduler(name).announcePeer(out));
      say(m -> m.setRegisterPeerRequest(RegisterPeerRequest.newBuilder().setDownload(download)));
      scheduler.timer.advance(Duration.ofMillis(100));
    }

    void say(UnaryOperator<AnnouncePeerRequest.Builder> message) {
      var ids =
          AnnouncePeerRequest.newBuilder()
              .setHostId(hostId)
              .setPeerId(hostId + "-1")
              .setTaskId(Harness.taskId(FILE).value());
      talk.say(message.apply(ids).build());
    }

    /// From here on it has the content.
    Child fetchesFromOrigin() {
      say(m -> m.setDownloadPeerBackToSourceStartedRequest(DownloadPeerBackToSourceStartedRequest.getDefaultInstance()));
      say(m -> m.setDownloadPeerBackToSourceFinishedRequest(DownloadPeerBackToSourceFinishedRequest.getDefaultInstance()));
      return this;
    }

    ResponseCase answer() {
      return talk.heard().getLast().getResponseCase();
    }

    List<Peer> parents() {
      return talk.heard().getLast().getNormalTaskResponse().getCandidateParentsList();
    }
  }

  /// A member of the mesh that has everything.
  private void member(String name, UnaryOperator<Register.Builder> change) {
    String hostId = scheduler.announce(name, Role.PEER);
    var register =
        Register.newBuilder()
            .setHostId(hostId)
            .setPeerId(hostId + "-1")
            .setTaskId(Harness.taskId(FILE).value())
            .setDownload(FILE)
            .setContent(ContentFacts.newBuilder().setContentLength(12 * Harness.MIB).setPieceLength(4 * Harness.MIB))
            .setOnlyServes(true)
            .setPiecePort(4005);
    Talk<JoinRequest, JoinEvent> talk = Talk.open(out -> scheduler.swarm(name).join(out));
    talk.say(JoinRequest.newBuilder().setRegister(change.apply(register)).build());
    assertThat(talk.end()).isEmpty();
  }

  private Task task() {
    return scheduler.tasks.find(TaskKey.publicTask(Harness.taskId(FILE))).orElseThrow();
  }

  @Test
  void childWithoutIdentity_isSentToAMembersPlainPort() {
    member("a", register -> register.setLegacyPort(4100));

    var child = new Child("old", Role.LEGACY, FILE);

    assertThat(child.parents())
        .singleElement()
        .satisfies(parent -> assertThat(parent.getHost().getPort()).isEqualTo(4100))
        .satisfies(parent -> assertThat(parent.getHost().getDownloadPort()).isEqualTo(4100))
        .satisfies(parent -> assertThat(parent.getTask().getContentLength()).isEqualTo(12 * Harness.MIB));
  }

  @Test
  @Threat("S-LEG-5")
  void membersWithoutAPlainPort_andRestrictedOnes_areNotForIt() {
    member("a", register -> register);
    member("b", register -> register.setLegacyPort(4100).setRestricted(true));

    assertThat(new Child("old", Role.LEGACY, FILE).answer()).isEqualTo(ResponseCase.NEED_BACK_TO_SOURCE_RESPONSE);
  }

  @Test
  @Threat("S-LEG-5")
  void contentFetchedWithCredentials_isRefused() {
    var secret = FILE.toBuilder().putRequestHeader("Authorization", "Bearer x").build();

    var child = new Child("old", Role.LEGACY, secret);

    assertThat(GrpcErrors.reasonOf(child.talk.failure())).contains(Reason.NOT_SERVED);
    assertThat(scheduler.tasks.all()).isEmpty();
  }

  @Test
  void childrenWithoutIdentity_areParentsOfEachOther() {
    var first = new Child("one", Role.LEGACY, FILE).fetchesFromOrigin();

    var second = new Child("two", Role.LEGACY, FILE);

    assertThat(second.parents()).extracting(parent -> parent.getHost().getId()).containsExactly(first.hostId);
    assertThat(second.parents().getFirst().getHost().getPort()).isEqualTo(4000);
  }

  @Test
  @Threat("S-LEG-4")
  void childWithAnIdentity_neverGetsAParentWithoutOne() {
    new Child("old", Role.LEGACY, FILE).fetchesFromOrigin();

    assertThat(new Child("a", Role.PEER, FILE).answer()).isEqualTo(ResponseCase.NEED_BACK_TO_SOURCE_RESPONSE);
  }

  @Test
  @Threat("S-LEG-4")
  void whatHostsWithoutIdentitySay_isForgottenWhenOneWithAnIdentityComes() {
    var liar = new Child("old", Role.LEGACY, Harness.download("http://origin/f", 2));
    liar.say(m -> m.setDownloadPeerBackToSourceStartedRequest(DownloadPeerBackToSourceStartedRequest.getDefaultInstance()));
    reportPiece(liar);
    assertThat(task().message(true).getPiecesCount()).isEqualTo(1);

    new Child("a", Role.PEER, FILE);

    assertThat(task().message(true).getPiecesCount()).isZero();
    assertThat(task().sizes().pieceCount()).isEqualTo(3);
  }

  @Test
  @Threat("S-LEG-4")
  void laterReportsOfHostsWithoutIdentity_changeNothing() {
    new Child("a", Role.PEER, FILE);
    var liar = new Child("old", Role.LEGACY, FILE.toBuilder().setNeedBackToSource(true).build());
    liar.say(m -> m.setDownloadPeerBackToSourceStartedRequest(DownloadPeerBackToSourceStartedRequest.getDefaultInstance()));
    reportPiece(liar);

    liar.say(m -> m.setDownloadPeerBackToSourceFailedRequest(DownloadPeerBackToSourceFailedRequest.getDefaultInstance()));

    assertThat(task().sizes().pieceCount()).isEqualTo(3);
    assertThat(task().message(true).getPiecesCount()).isZero();
  }

  @Test
  @Threat("S-LEG-3")
  void hostsWithoutIdentity_neverTakeMoreThanHalfOfThePlaces() {
    scheduler.close();
    scheduler = new Harness(SwarmConfig.DEFAULT, new Tasks.Limits(10, 4, 100, 200));
    new Child("one", Role.LEGACY, FILE);
    new Child("two", Role.LEGACY, FILE);

    var third = new Child("three", Role.LEGACY, FILE);

    assertThat(GrpcErrors.reasonOf(third.talk.failure())).contains(Reason.LIMIT_EXCEEDED);
    assertThat(new Child("a", Role.PEER, FILE).talk.end()).isEmpty();
  }

  private static void reportPiece(Child child) {
    var piece = Piece.newBuilder().setNumber(0).setLength(4 * Harness.MIB).setDigest("crc32:1");
    child.say(
        m ->
            m.setDownloadPieceBackToSourceFinishedRequest(
                DownloadPieceBackToSourceFinishedRequest.newBuilder().setPiece(piece)));
  }
}
