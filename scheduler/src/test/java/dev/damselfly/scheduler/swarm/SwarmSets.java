package dev.damselfly.scheduler.swarm;

import dev.damselfly.authz.identity.SpiffeId;
import java.time.Instant;
import java.util.BitSet;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.function.IntUnaryOperator;
import org.jspecify.annotations.NullMarked;

/// The counting parts of a swarm against models that count everything anew. For fuzz targets.
@NullMarked
public final class SwarmSets {
  private static final int PIECES = 80; // more than the first array of counters
  private static final SpiffeId WHO = SpiffeId.parse("spiffe://test/damselfly/peer/1/a");

  private SwarmSets() {}

  /// How many members hold a piece, against a set of pairs.
  public static void holdings(IntUnaryOperator next, int steps) {
    var holdings = new Holdings();
    var counts = new HashMap<Integer, Integer>();
    long losses = 0;
    for (int i = 0; i < steps; i++) {
      int number = next.applyAsInt(PIECES);
      if (next.applyAsInt(2) == 0) {
        holdings.add(number);
        counts.merge(number, 1, Integer::sum);
      } else {
        holdings.remove(number);
        losses += counts.containsKey(number) ? 1 : 0;
        counts.computeIfPresent(number, (_, n) -> n > 1 ? n - 1 : null);
      }
      var held = new HashSet<Integer>();
      holdings.held().stream().forEach(held::add);
      require(held.equals(counts.keySet()), "held pieces");
      require(holdings.isHeld(number) == counts.containsKey(number), "one piece");
      require(holdings.losses() == losses, "losses");
    }
  }

  /// Origin leases against a map from piece to lease.
  public static void leases(IntUnaryOperator next, int steps) {
    var leases = new OriginLeases(1);
    var held = new BitSet();
    Map<Integer, Long> holder = new HashMap<>();
    Map<Long, Lease> all = new HashMap<>();
    for (int i = 0; i < steps; i++) {
      int number = next.applyAsInt(16);
      Lease lease = all.get(1L + next.applyAsInt(24));
      switch (next.applyAsInt(6)) {
        case 0, 1 -> {
          int bar = next.applyAsInt(16);
          var request = new OriginLeases.Request("p" + bar % 3, WHO, 1 + number % 5, number / 2, 16, n -> n != bar);
          leases.grant(request, held, Instant.EPOCH).ifPresent(given -> granted(given, held, holder, all));
        }
        case 2 -> held.flip(number);
        case 3 -> {
          if (lease != null) {
            leases.done(lease, number, Instant.EPOCH);
            holder.remove(number, lease.id());
          }
        }
        case 4 -> {
          if (lease != null) {
            leases.giveBack(lease, number);
            holder.remove(number, lease.id());
          }
        }
        default -> {
          if (lease != null) {
            leases.end(lease);
            holder.values().removeIf(id -> id == lease.id());
          }
        }
      }
      compare(leases, held, holder);
    }
  }

  private static void granted(Lease lease, BitSet held, Map<Integer, Long> holder, Map<Long, Lease> all) {
    all.put(lease.id(), lease);
    for (int number : lease.numbers()) {
      require(!held.get(number), "a lease on a piece that is there");
      require(holder.put(number, lease.id()) == null, "two leases on one piece");
    }
  }

  private static void compare(OriginLeases leases, BitSet held, Map<Integer, Long> holder) {
    int free = 0;
    for (int n = 0; n < 16; n++) {
      require(leases.isLeased(n) == holder.containsKey(n), "leased pieces");
      free += held.get(n) || holder.containsKey(n) ? 0 : 1;
    }
    require(leases.countFree(held, 0, 16, 16) == free, "free pieces");
    Set<Long> active = new HashSet<>();
    leases.all().forEach(lease -> active.add(lease.id()));
    require(active.equals(Set.copyOf(holder.values())), "active leases");
    int outstanding = 0;
    for (String peer : Set.of("p0", "p1", "p2")) {
      outstanding += leases.outstanding(peer);
    }
    require(outstanding == holder.size(), "outstanding pieces");
  }

  private static void require(boolean holds, String what) {
    if (!holds) {
      throw new AssertionError("not as the model: " + what);
    }
  }
}
