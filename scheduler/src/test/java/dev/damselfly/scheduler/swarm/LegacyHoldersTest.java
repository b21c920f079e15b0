package dev.damselfly.scheduler.swarm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.damselfly.api.assurance.Threat;
import dev.damselfly.api.error.GrpcErrors;
import dev.damselfly.api.error.Reason;
import dev.damselfly.api.wire.common.v2.Download;
import dev.damselfly.api.wire.damselfly.v1.ContentFacts;
import dev.damselfly.api.wire.damselfly.v1.JoinEvent;
import dev.damselfly.api.wire.damselfly.v1.JoinRequest;
import dev.damselfly.api.wire.damselfly.v1.Left;
import dev.damselfly.api.wire.damselfly.v1.LegacyHolder;
import dev.damselfly.api.wire.damselfly.v1.ListLegacyHoldersRequest;
import dev.damselfly.api.wire.damselfly.v1.Register;
import dev.damselfly.api.wire.scheduler.v2.AnnouncePeerRequest;
import dev.damselfly.api.wire.scheduler.v2.AnnouncePeerResponse;
import dev.damselfly.api.wire.scheduler.v2.DownloadPeerBackToSourceFinishedRequest;
import dev.damselfly.api.wire.scheduler.v2.DownloadPeerBackToSourceStartedRequest;
import dev.damselfly.api.wire.scheduler.v2.RegisterPeerRequest;
import dev.damselfly.authz.audit.AuditAction;
import dev.damselfly.authz.identity.Role;
import dev.damselfly.scheduler.boot.Harness;
import dev.damselfly.scheduler.boot.Talk;
import io.grpc.StatusRuntimeException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/// Which hosts without an identity a peer is told, and when none.
@NullMarked
class LegacyHoldersTest {
  private static final Download FILE = Harness.download("http://origin/f", 3);
  private static final String DIGEST = "sha256:" + "ab".repeat(32);

  private final Harness scheduler = new Harness();

  @AfterEach
  void close() {
    scheduler.close();
  }

  private Talk<AnnouncePeerRequest, AnnouncePeerResponse> legacy(String name, Download download) {
    String hostId = scheduler.announce(name, Role.LEGACY);
    Talk<AnnouncePeerRequest, AnnouncePeerResponse> talk = Talk.open(out -> scheduler.scheduler(name).announcePeer(out));
    talk.say(of(hostId).setRegisterPeerRequest(RegisterPeerRequest.newBuilder().setDownload(download)).build());
    scheduler.timer.advance(Duration.ofMillis(100));
    talk.say(
        of(hostId)
            .setDownloadPeerBackToSourceStartedRequest(DownloadPeerBackToSourceStartedRequest.getDefaultInstance())
            .build());
    return talk;
  }

  private static AnnouncePeerRequest.Builder of(String hostId) {
    return AnnouncePeerRequest.newBuilder()
        .setHostId(hostId)
        .setPeerId(hostId + "-1")
        .setTaskId(Harness.taskId(FILE).value());
  }

  private String holder(String name) {
    var talk = legacy(name, FILE);
    String hostId = scheduler.caller(name, Role.LEGACY).remote().getHostString() + "-" + name;
    talk.say(
        of(hostId)
            .setDownloadPeerBackToSourceFinishedRequest(DownloadPeerBackToSourceFinishedRequest.getDefaultInstance())
            .build());
    return hostId;
  }

  private Talk<JoinRequest, JoinEvent> member(String name) {
    String hostId = scheduler.announce(name, Role.PEER);
    var register =
        Register.newBuilder()
            .setHostId(hostId)
            .setPeerId(hostId + "-1")
            .setTaskId(Harness.taskId(FILE).value())
            .setDownload(FILE)
            .setMayUseOrigin(true)
            .setContent(ContentFacts.newBuilder().setContentLength(12 * Harness.MIB).setPieceLength(4 * Harness.MIB))
            .setPiecePort(4005);
    Talk<JoinRequest, JoinEvent> talk = Talk.open(out -> scheduler.swarm(name).join(out));
    talk.say(JoinRequest.newBuilder().setRegister(register).build());
    return talk;
  }

  private List<String> ask(String name, boolean hasOrigin) {
    String hostId = scheduler.announce(name, Role.PEER);
    return ask(name, request(hostId, hasOrigin));
  }

  private List<String> ask(String name, ListLegacyHoldersRequest.Builder request) {
    return scheduler.swarmBlocking(name).listLegacyHolders(request.build()).getHoldersList().stream()
        .map(LegacyHolder::getHostId)
        .toList();
  }

  private static ListLegacyHoldersRequest.Builder request(String hostId, boolean hasOrigin) {
    return ListLegacyHoldersRequest.newBuilder()
        .setHostId(hostId)
        .setTaskId(Harness.taskId(FILE).value())
        .setDigest(DIGEST)
        .setHasOrigin(hasOrigin);
  }

  @Test
  void hostThatFinished_isNamedWithItsAddress() {
    String old = holder("old");

    String hostId = scheduler.announce("a", Role.PEER);
    var answer = scheduler.swarmBlocking("a").listLegacyHolders(request(hostId, true).build());

    assertThat(answer.getHoldersList())
        .containsExactly(LegacyHolder.newBuilder().setHostId(old).setIp(old.substring(0, old.indexOf('-'))).build());
    assertThat(scheduler.audit)
        .filteredOn(event -> event.action() == AuditAction.LEGACY_NAME)
        .singleElement()
        .satisfies(event -> assertThat(event.detail()).containsEntry("holders", old).containsEntry("digest", DIGEST));
  }

  @Test
  void nobody_isNamedForAnUnknownTask_orOneThatIsNotFinishedYet() {
    assertThat(ask("a", false)).isEmpty();

    legacy("old", FILE);

    assertThat(ask("a", false)).isEmpty();
  }

  @Test
  void hostWithAPartOnly_isNotNamed() {
    var part = FILE.toBuilder().setRange(dev.damselfly.api.wire.common.v2.Range.newBuilder().setLength(5)).build();
    var talk = legacy("old", part);
    String hostId = scheduler.caller("old", Role.LEGACY).remote().getHostString() + "-old";
    talk.say(
        of(hostId)
            .setDownloadPeerBackToSourceFinishedRequest(DownloadPeerBackToSourceFinishedRequest.getDefaultInstance())
            .build());

    assertThat(ask("a", false)).isEmpty();
  }

  @Test
  void silentHost_isNotNamed() {
    holder("old");
    scheduler.timer.advance(Duration.ofMinutes(11));

    assertThat(ask("a", false)).isEmpty();
  }

  @Test
  void member_keepsThoseWithAnOriginInTheMesh() {
    holder("old");
    var member = member("m");

    assertThat(ask("a", true)).isEmpty();
    assertThat(ask("a", false)).hasSize(1);

    member.say(JoinRequest.newBuilder().setLeft(Left.newBuilder().setOutcome(Left.Outcome.SERVING)).build());

    assertThat(ask("a", false)).isEmpty();
  }

  @Test
  void ofThoseWithAnOrigin_oneAtATimeIsSentAway() {
    holder("old");

    assertThat(ask("a", true)).hasSize(1);
    assertThat(ask("b", true)).isEmpty();
    assertThat(ask("a", true)).hasSize(1);
    assertThat(ask("c", false)).hasSize(1);
    scheduler.timer.advance(LegacyHolders.TURN);
    assertThat(ask("b", true)).hasSize(1);
  }

  @Test
  void fewAreNamed_ofMany() {
    IntStream.range(0, 9).forEach(i -> holder("old" + i));

    assertThat(ask("a", false)).hasSize(LegacyHolders.MOST).doesNotHaveDuplicates();
  }

  @Test
  @Threat("S-LEG-6")
  void withoutDigestOrForAnotherHost_isRefused() {
    String old = holder("old");
    String hostId = scheduler.announce("a", Role.PEER);

    assertThat(refused(request(hostId, false).setDigest("md5:" + "ab".repeat(16)))).contains(Reason.MALFORMED_FIELD);
    assertThat(refused(request(hostId, false).clearDigest())).contains(Reason.MALFORMED_FIELD);
    assertThat(refused(request(hostId, false).setTaskId("x"))).contains(Reason.MALFORMED_FIELD);
    assertThat(refused(request(old, false))).contains(Reason.CALLER_NOT_ALLOWED);
  }

  private Optional<Reason> refused(ListLegacyHoldersRequest.Builder request) {
    return GrpcErrors.reasonOf(catchThrowableOfType(StatusRuntimeException.class, () -> ask("a", request)));
  }
}
