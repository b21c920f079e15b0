package dev.damselfly.scheduler.gc;

import static org.assertj.core.api.Assertions.assertThat;

import dev.damselfly.api.id.Sha256;
import dev.damselfly.api.id.TaskId;
import dev.damselfly.api.wire.common.v2.Download;
import dev.damselfly.api.wire.damselfly.v1.ContentFacts;
import dev.damselfly.api.wire.damselfly.v1.JoinEvent;
import dev.damselfly.api.wire.damselfly.v1.JoinRequest;
import dev.damselfly.api.wire.damselfly.v1.LeaseWanted;
import dev.damselfly.api.wire.damselfly.v1.Register;
import dev.damselfly.authz.identity.Role;
import dev.damselfly.scheduler.boot.Harness;
import dev.damselfly.scheduler.boot.Talk;
import dev.damselfly.scheduler.host.Host;
import dev.damselfly.scheduler.swarm.SwarmConfig;
import dev.damselfly.scheduler.task.PeerEvent;
import dev.damselfly.scheduler.task.PeerSpec;
import dev.damselfly.scheduler.task.PeerState;
import dev.damselfly.scheduler.task.Task;
import dev.damselfly.scheduler.task.TaskKey;
import dev.damselfly.scheduler.task.Tasks;
import io.grpc.Status;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/// What is removed, and when, on the manual timer.
@NullMarked
class GarbageCollectorTest {
  private static final Download FILE = Harness.download("http://origin/f", 4);
  private static final GarbageCollector.Rules RULES = GarbageCollector.Rules.DEFAULT;

  private final Harness scheduler =
      new Harness(
          new SwarmConfig(SwarmConfig.Leases.DEFAULT, SwarmConfig.Mesh.DEFAULT, 2, 100),
          new Tasks.Limits(1000, 10_000, 1000, 200),
          (_, _) -> new Sha256("0".repeat(64)));
  private final List<Host> departed = new ArrayList<>();
  private final GarbageCollector gc =
      new GarbageCollector(scheduler.hosts, scheduler.tasks, scheduler.swarms, departed::add, scheduler.timer, RULES);
  private final TaskKey key = TaskKey.publicTask(new TaskId("a".repeat(64)));

  @AfterEach
  void close() {
    gc.close();
    scheduler.close();
  }

  private Host host(String name) {
    return scheduler.hosts.find(scheduler.announce(name, Role.PEER)).orElseThrow();
  }

  private Task admit(String peerId, Host host, Object stream) {
    return scheduler.tasks.admit(key, FILE, PeerSpec.of(peerId, host, FILE), stream);
  }

  /// Announces every five minutes while time passes.
  private void pass(Duration time, String... announcing) {
    Duration step = Duration.ofMinutes(5);
    for (Duration left = time; left.isPositive(); left = left.minus(step)) {
      scheduler.timer.advance(left.compareTo(step) < 0 ? left : step);
      for (String name : announcing) {
        scheduler.announce(name, Role.PEER);
      }
    }
  }

  @Test
  void failedPeer_leavesAndIsRemovedInTheNextRound() {
    Task task = admit("p", host("a"), this);
    task.tryFire("p", PeerEvent.DOWNLOAD_FAILED);
    gc.start();

    scheduler.timer.advance(RULES.peerInterval());
    var afterOne = task.stateOf("p");
    scheduler.timer.advance(RULES.peerInterval());

    assertThat(afterOne).contains(PeerState.LEAVE);
    assertThat(task.stateOf("p")).isEmpty();
    assertThat(scheduler.tasks.peersOf(host("a"))).isEmpty();
  }

  @Test
  void downloadWithoutPieces_leavesAfterTheTimeoutUnlessAStreamVouchesForIt() {
    Host host = host("a");
    Task task = admit("gone", host, this);
    admit("live", host, this);
    for (String id : List.of("gone", "live")) {
      task.tryFire(id, PeerEvent.REGISTER_NORMAL);
      task.tryFire(id, PeerEvent.DOWNLOAD);
    }
    task.release("gone", this);
    gc.start();

    pass(RULES.pieceTimeout(), "a");
    var before = task.stateOf("gone");
    pass(Duration.ofMinutes(1), "a");

    assertThat(before).contains(PeerState.RUNNING);
    assertThat(task.stateOf("gone")).isEmpty();
    assertThat(task.stateOf("live")).contains(PeerState.RUNNING);
  }

  @Test
  void finishedPeer_livesForItsTtl() {
    Task task = admit("p", host("a"), this);
    task.tryFire("p", PeerEvent.REGISTER_NORMAL);
    task.tryFire("p", PeerEvent.DOWNLOAD_SUCCEEDED);
    task.release("p", this);
    gc.start();

    pass(RULES.peerTtl().minusMinutes(1), "a");
    var before = task.stateOf("p");
    pass(Duration.ofMinutes(2), "a");

    assertThat(before).contains(PeerState.SUCCEEDED);
    assertThat(task.stateOf("p")).isEmpty();
  }

  @Test
  void crowdedTask_losesFinishedPeersThatNobodyTakesFrom() {
    Host host = host("a");
    Task task = admit("live", host, this);
    for (int i = 0; i < 310; i++) {
      admit("p" + i, host, this);
      task.release("p" + i, this);
    }
    for (String id : task.peerIds()) {
      task.tryFire(id, PeerEvent.REGISTER_NORMAL);
      task.tryFire(id, PeerEvent.DOWNLOAD_SUCCEEDED);
    }
    gc.start();

    scheduler.timer.advance(RULES.peerInterval());

    assertThat(task.peerIds()).containsExactly("live");
  }

  @Test
  void taskWithoutPeers_isRemovedAndTakesNobodyAnyMore() {
    Task task = admit("p", host("a"), this);
    scheduler.tasks.remove(task, "p", host("a"));
    gc.start();

    pass(RULES.taskInterval(), "a");

    assertThat(scheduler.tasks.find(key)).isEmpty();
    assertThat(admit("q", host("a"), this)).isNotSameAs(task);
  }

  @Test
  void silentHost_isRemovedAfterTwoOfItsIntervals() {
    Host silent = host("a");
    host("b");
    gc.start();

    pass(Duration.ofMinutes(15), "b");

    assertThat(departed).containsExactly(silent);
    assertThat(scheduler.hosts.find(silent.id())).isEmpty();
    assertThat(scheduler.hosts.all()).hasSize(1);
  }

  /// A member that is ended because it reads too slowly says nothing more: only the sweep drops its swarm.
  @Test
  void emptySwarm_isDroppedByTheTimer() {
    Talk<JoinRequest, JoinEvent> deaf = joinAndNeverRead("deaf");
    scheduler.timer.advance(SwarmConfig.Leases.DEFAULT.silence()); // one event more: the lease is revoked
    assertThat(deaf.end()).isEqualTo(Optional.of(Status.Code.RESOURCE_EXHAUSTED));
    assertThat(scheduler.swarms.count()).isOne();
    gc.start();

    scheduler.timer.advance(RULES.swarmInterval());

    assertThat(scheduler.swarms.count()).isZero();
  }

  /// Registers and takes a lease: as many events as its outbox holds.
  private Talk<JoinRequest, JoinEvent> joinAndNeverRead(String name) {
    String host = scheduler.announce(name, Role.PEER);
    Talk<JoinRequest, JoinEvent> talk = Talk.openDeaf(out -> scheduler.swarm(name).join(out));
    var facts = ContentFacts.newBuilder().setContentLength(16 * Harness.MIB).setPieceLength(4 * Harness.MIB).setRanges(true);
    var register = Register.newBuilder().setHostId(host).setPeerId(host + "-1").setTaskId("a".repeat(64))
        .setDownload(FILE).setContent(facts).setMayUseOrigin(true).setPiecePort(4005);
    talk.say(JoinRequest.newBuilder().setRegister(register).build());
    talk.say(JoinRequest.newBuilder().setLeaseWanted(LeaseWanted.newBuilder().setPieces(1)).build());
    return talk;
  }

  @Test
  void close_endsTheRounds() {
    gc.start();

    gc.close();

    assertThat(scheduler.timer.waiting()).isZero();
  }
}
