package dev.damselfly.scheduler.boot;

import static org.assertj.core.api.Assertions.assertThat;

import dev.damselfly.api.assurance.Threat;
import dev.damselfly.api.error.GrpcErrors;
import dev.damselfly.api.error.Reason;
import dev.damselfly.api.wire.common.v2.Download;
import dev.damselfly.api.wire.common.v2.Host;
import dev.damselfly.api.wire.damselfly.v1.ContentFacts;
import dev.damselfly.api.wire.damselfly.v1.JoinEvent;
import dev.damselfly.api.wire.damselfly.v1.JoinRequest;
import dev.damselfly.api.wire.damselfly.v1.ParentLost;
import dev.damselfly.api.wire.damselfly.v1.Register;
import dev.damselfly.api.wire.damselfly.v1.SwarmGrpc;
import dev.damselfly.api.wire.scheduler.v2.AnnouncePeerRequest;
import dev.damselfly.api.wire.scheduler.v2.AnnouncePeerResponse;
import dev.damselfly.api.wire.scheduler.v2.DownloadPieceFinishedRequest;
import dev.damselfly.api.wire.scheduler.v2.RegisterPeerRequest;
import dev.damselfly.api.wire.scheduler.v2.SchedulerGrpc;
import dev.damselfly.authz.guard.InProcessGuard;
import dev.damselfly.authz.identity.Caller;
import dev.damselfly.authz.identity.Role;
import dev.damselfly.authz.identity.SpiffeId;
import dev.damselfly.authz.limits.Limits;
import dev.damselfly.authz.limits.Part;
import dev.damselfly.authz.testing.MemoryAudit;
import dev.damselfly.scheduler.task.Tasks;
import io.grpc.Channel;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// What the guard refuses in the middle of a stream, and what a session refuses at its beginning, leaves nothing behind.
@NullMarked
class RefusedStreamTest {
  private static final Download FILE = Harness.download("https://origin/f", 2);
  private static final String TASK = Harness.taskId(FILE).value();

  private final MemoryAudit audit = new MemoryAudit();
  private final ServedScheduler served =
      new ServedScheduler(new Tasks.Limits(10, 10, 10, 10), 10, ServedScheduler.signer(), audit);
  private final InProcessGuard guard =
      new InProcessGuard(served.services(), ServedScheduler.policy(), audit, Limits.of(Part.SCHEDULER));

  @BeforeEach
  void announce() {
    announce("host-1", 1);
    announce("host-2", 2);
  }

  @AfterEach
  void close() {
    guard.close();
  }

  @Test
  void member_whoseMessageTheGuardRefuses_leavesTheSwarm() {
    Talk<JoinRequest, JoinEvent> member = join("host-1", 1, "\"v1\"");
    assertThat(served.swarms.count()).isEqualTo(1);

    member.say(JoinRequest.newBuilder().setParentLost(ParentLost.newBuilder().setPeerId("no\nname")).build());

    assertThat(GrpcErrors.reasonOf(member.failure())).contains(Reason.MALFORMED_FIELD);
    assertThat(served.swarms.count()).isZero();
  }

  @Test
  void peer_whoseMessageTheGuardRefuses_mayRegisterAgain() {
    var talk = register();
    talk.say(announced().setDownloadPieceFinishedRequest(DownloadPieceFinishedRequest.getDefaultInstance()).build());
    assertThat(GrpcErrors.reasonOf(talk.failure())).contains(Reason.MALFORMED_FIELD);

    var again = register();
    served.timer.advance(Duration.ofSeconds(10));

    assertThat(again.end()).isEmpty();
    assertThat(again.heard()).isNotEmpty();
  }

  @Test
  @Threat("TOB-14")
  void registration_withOtherFacts_isRefusedAndLeavesNoPeer() {
    join("host-1", 1, "\"v1\"");
    var before = served.state();

    Talk<JoinRequest, JoinEvent> other = join("host-2", 2, "\"v2\"");

    assertThat(GrpcErrors.reasonOf(other.failure())).contains(Reason.ORIGIN_CHANGED);
    assertThat(served.state()).isEqualTo(before);
  }

  private Talk<JoinRequest, JoinEvent> join(String name, int last, String etag) {
    Talk<JoinRequest, JoinEvent> talk = Talk.open(SwarmGrpc.newStub(as(name, last))::join);
    talk.say(
        JoinRequest.newBuilder()
            .setRegister(
                Register.newBuilder()
                    .setHostId(hostId(name, last))
                    .setTaskId(TASK)
                    .setPeerId(peerId(name, last))
                    .setPiecePort(4005)
                    .setMayUseOrigin(true)
                    .setContent(ContentFacts.newBuilder().setContentLength(8L << 20).setPieceLength(4L << 20).setEtag(etag).setRanges(true))
                    .setDownload(FILE))
            .build());
    return talk;
  }

  private Talk<AnnouncePeerRequest, AnnouncePeerResponse> register() {
    Talk<AnnouncePeerRequest, AnnouncePeerResponse> talk = Talk.open(SchedulerGrpc.newStub(as("host-1", 1))::announcePeer);
    talk.say(announced().setRegisterPeerRequest(RegisterPeerRequest.newBuilder().setDownload(FILE)).build());
    return talk;
  }

  private static AnnouncePeerRequest.Builder announced() {
    return AnnouncePeerRequest.newBuilder().setHostId(hostId("host-1", 1)).setTaskId(TASK).setPeerId(peerId("host-1", 1));
  }

  private void announce(String name, int last) {
    var host =
        Host.newBuilder().setId(hostId(name, last)).setHostname(name).setIp("10.0.0." + last).setPort(4000).setDownloadPort(4000);
    served.hosts.announce(
        caller(name, last),
        hostId(name, last),
        new dev.damselfly.scheduler.host.Host.Announced(host.build(), Duration.ofMinutes(5), served.timer.instant()));
  }

  private Channel as(String name, int last) {
    return guard.as(caller(name, last));
  }

  private static String hostId(String name, int last) {
    return "10.0.0." + last + "-" + name;
  }

  private static String peerId(String name, int last) {
    return hostId(name, last) + "-00000000-0000-4000-8000-000000000001";
  }

  private static Caller caller(String name, int last) {
    var id = SpiffeId.parse("spiffe://test.example/damselfly/peer/east/" + name);
    var from = new InetSocketAddress("10.0.0." + last, 40_000);
    return new Caller(id, Role.PEER, Optional.of("east"), name, Instant.MAX, from);
  }
}
