package dev.damselfly.scheduler.swarm;

import static org.assertj.core.api.Assertions.assertThat;

import dev.damselfly.api.wire.damselfly.v1.JoinEvent;
import dev.damselfly.api.wire.damselfly.v1.LeaseGranted;
import dev.damselfly.api.wire.damselfly.v1.LeaseRevoked;
import dev.damselfly.authz.identity.Role;
import dev.damselfly.scheduler.boot.Harness;
import java.time.Duration;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/// A member with a slow link reads from the origin like all others at first; the others must not wait for it.
@NullMarked
class SlowReadersTest {
  private static final Duration USUAL = Duration.ofMillis(400);

  private final Harness scheduler = new Harness();
  private final Set<Long> read = new HashSet<>();

  @AfterEach
  void close() {
    scheduler.close();
  }

  private Peer peer(String name) {
    return new Peer(scheduler, name, Role.PEER, r -> r);
  }

  /// The usual time passes, and these have read all that they had when it began.
  private void tick(Peer... peers) {
    scheduler.timer.advance(USUAL);
    var begun = new LinkedHashMap<LeaseGranted, Peer>();
    for (Peer peer : peers) {
      peer.leases().forEach(lease -> begun.put(lease, peer));
    }
    begun.forEach(this::reads);
  }

  private void reads(LeaseGranted lease, Peer peer) {
    if (read.add(lease.getLeaseId())) {
      peer.brought(lease.getLeaseId(), lease.getNumbers(0), "x" + lease.getNumbers(0));
    }
  }

  private List<Long> revoked(Peer peer) {
    return peer.talk.heard().stream().filter(JoinEvent::hasLeaseRevoked).map(JoinEvent::getLeaseRevoked).map(LeaseRevoked::getLeaseId).toList();
  }

  @Test
  void whoNeedsTwiceTheUsualTime_getsNoLeaseWhileOthersWait() {
    Peer slow = peer("slow");
    slow.want(1);
    Peer a = peer("a");
    Peer b = peer("b");
    List.of(a, b).forEach(p -> p.want(1));
    List.of(a, b).forEach(p -> p.want(8));
    tick(a, b);
    tick(a, b);
    tick(slow); // three times the usual
    slow.want(4);
    tick(a, b);

    assertThat(slow.leases()).hasSize(1);
  }

  @Test
  void lateRead_goesToAnotherMemberOnceLaterOnesEnded() {
    Peer slow = peer("slow");
    slow.want(1);
    int taken = slow.leases().getFirst().getNumbers(0);
    Peer a = peer("a");
    a.want(8);
    tick(a);
    tick(a);
    assertThat(revoked(slow)).isEmpty();
    a.want(8);

    scheduler.timer.advance(USUAL.multipliedBy(4)); // nothing else happens any more

    assertThat(revoked(slow)).containsExactly(slow.leases().getFirst().getLeaseId());
    tick(a);
    assertThat(a.leases().stream().flatMap(l -> l.getNumbersList().stream())).contains(taken);
  }

  @Test
  void originThatStopsForAll_makesNobodyLate() {
    Peer a = peer("a");
    Peer b = peer("b");
    List.of(a, b).forEach(p -> p.want(1));
    List.of(a, b).forEach(p -> p.want(8));
    tick(a, b);
    tick(a, b);
    List.of(a, b).forEach(p -> p.want(8));

    scheduler.timer.advance(Duration.ofSeconds(30));

    assertThat(revoked(a)).isEmpty();
    assertThat(revoked(b)).isEmpty();
  }

  @Test
  void laggard_readsAgainWhenNobodyElseWants() {
    Peer slow = peer("slow");
    slow.want(1);
    Peer a = peer("a");
    a.want(8);
    tick(a);
    tick(a);
    scheduler.timer.advance(USUAL);
    reads(slow.leases().getFirst(), slow);
    a.want(0);

    slow.want(4);

    assertThat(slow.leases()).hasSizeGreaterThan(1);
  }
}
