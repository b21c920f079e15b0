package dev.damselfly.scheduler.swarm;

import static org.assertj.core.api.Assertions.assertThat;

import dev.damselfly.authz.identity.SpiffeId;
import java.time.Instant;
import java.util.BitSet;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;
import org.jspecify.annotations.NullMarked;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

@NullMarked
class OriginLeasesTest {
  private static final Instant NOW = Instant.EPOCH;
  private static final SpiffeId WHO = SpiffeId.parse("spiffe://test/damselfly/peer/1/a");

  private final OriginLeases leases = new OriginLeases(1);
  private final BitSet held = new BitSet();

  private Lease grant(String peer, int most, int from, int to) {
    return leases.grant(new OriginLeases.Request(peer, WHO, most, from, to, _ -> true), held, NOW).orElseThrow();
  }

  @Test
  void leases_areTheLowestFreeRunsOneAfterTheOther() {
    held.set(2);

    assertThat(grant("a", 8, 0, 10).numbers()).containsExactly(0, 1);
    assertThat(grant("b", 3, 0, 10).numbers()).containsExactly(3, 4, 5);
    assertThat(grant("a", 8, 5, 8).numbers()).containsExactly(6, 7);
    assertThat(leases.outstanding("a")).isEqualTo(4);
    assertThat(leases.countFree(held, 0, 10, 100)).isEqualTo(2);
    assertThat(leases.countFree(held, 0, 10, 1)).isOne();
  }

  @Test
  void lease_leavesOutPiecesThatTheMemberMayNotRead() {
    var request = new OriginLeases.Request("a", WHO, 8, 0, 6, n -> n % 4 != 0);

    assertThat(leases.grant(request, held, NOW).orElseThrow().numbers()).containsExactly(1, 2, 3);
    assertThat(leases.grant(request, held, NOW).orElseThrow().numbers()).containsExactly(5);
    assertThat(leases.grant(request, held, NOW)).isEmpty();
  }

  @Test
  void wholeLease_excludesEveryOther() {
    Lease whole = leases.grantWhole("a", WHO, NOW).orElseThrow();

    assertThat(leases.grant(new OriginLeases.Request("b", WHO, 1, 0, 9, _ -> true), held, NOW)).isEmpty();
    assertThat(leases.grantWhole("b", WHO, NOW)).isEmpty();
    leases.done(whole, 3, NOW);
    assertThat(leases.find(whole.id())).contains(whole);
    leases.end(whole);
    assertThat(leases.isWholeLeased()).isFalse();
    assertThat(grant("b", 1, 0, 9).numbers()).containsExactly(0);
  }

  @Test
  void returnedAndFinishedPieces_endTheLease() {
    Lease lease = grant("a", 3, 0, 3);

    leases.done(lease, 0, NOW);
    leases.giveBack(lease, 1);
    leases.giveBack(lease, 7);
    var before = leases.find(lease.id());
    leases.giveBack(lease, 2);

    assertThat(before).contains(lease);
    assertThat(leases.find(lease.id())).isEmpty();
    assertThat(leases.findEnded(lease.id())).contains(lease);
    assertThat(leases.of("a")).isEmpty();
  }

  /// The first holder was too slow, its pieces went to another; what it brings late must not free them a second time.
  @Test
  void lateReportUnderAnEndedLease_doesNotFreeWhatIsLeasedAgain() {
    Lease late = grant("a", 4, 0, 4);
    leases.end(late);
    grant("b", 4, 0, 4);

    leases.done(late, 2, NOW);

    assertThat(leases.isLeased(2)).isTrue();
    assertThat(leases.grant(new OriginLeases.Request("c", WHO, 4, 0, 4, _ -> true), held, NOW)).isEmpty();
  }

  @Test
  void endedLeases_areRememberedInBoundedNumber() {
    Lease first = grant("a", 1, 0, 1);
    leases.end(first);
    for (int i = 0; i < 256; i++) {
      leases.end(grant("a", 1, 0, 1));
    }

    assertThat(leases.findEnded(first.id())).isEmpty();
  }

  /// Against a map from piece to holder: leases never overlap, also when reports come late, twice or for nothing.
  @Property(tries = 500)
  void leases_equalTheNaiveModel(@ForAll @Size(max = 80) List<@IntRange(max = 9_999) Integer> steps) {
    var table = new OriginLeases(1);
    var nobody = new BitSet();
    var holder = new HashMap<Integer, Long>(); // piece to lease
    var all = new HashMap<Long, Lease>();
    for (int step : steps) {
      int piece = step / 10 % 12;
      Lease lease = all.get((long) (1 + step / 120 % 12));
      switch (step % 10) {
        case 0, 1, 2, 3 -> {
          var request = new OriginLeases.Request("p" + step % 4, WHO, 1 + step / 10 % 5, 0, 12, n -> n != step % 13);
          table.grant(request, nobody, NOW).ifPresent(given -> granted(given, holder, all));
        }
        case 4, 5, 6 -> finish(table, lease, piece, holder, true);
        case 7, 8 -> finish(table, lease, piece, holder, false);
        default -> {
          if (lease != null) {
            table.end(lease);
            holder.values().removeIf(id -> id == lease.id());
          }
        }
      }
      for (int n = 0; n < 12; n++) {
        assertThat(table.isLeased(n)).as("piece %d after %d", n, step).isEqualTo(holder.containsKey(n));
      }
      assertThat(table.all()).extracting(Lease::id).containsExactlyInAnyOrderElementsOf(Set.copyOf(holder.values()));
    }
  }

  private static void granted(Lease lease, Map<Integer, Long> holder, Map<Long, Lease> all) {
    all.put(lease.id(), lease);
    for (int n : lease.numbers()) {
      assertThat(holder.put(n, lease.id())).as("piece %d has two holders", n).isNull();
    }
  }

  private static void finish(
      OriginLeases table,
      @Nullable Lease lease,
      int piece,
      Map<Integer, Long> holder,
      boolean done) {
    if (lease == null) {
      return;
    }
    if (done) {
      table.done(lease, piece, NOW);
    } else {
      table.giveBack(lease, piece);
    }
    holder.remove(piece, lease.id());
    assertThat(new HashSet<>(holder.values()).contains(lease.id())).isEqualTo(table.find(lease.id()).isPresent());
  }
}
