package dev.damselfly.scheduler.swarm;

import dev.damselfly.authz.identity.SpiffeId;
import java.time.Instant;
import java.util.BitSet;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.IntPredicate;
import org.jspecify.annotations.Nullable;

/// Disjoint leases on pieces that nobody holds: each byte leaves the origin once (design decision D12). Not thread-safe.
final class OriginLeases {
  private static final long LEASES_PER_MILLI = 100;
  private static final int MAX_ENDED = 256;

  private final BitSet leased = new BitSet();
  private final OriginPace pace = new OriginPace();
  private final Laggards laggards = new Laggards();
  private final Map<Long, Lease> active = new LinkedHashMap<>();
  private final Map<String, Set<Lease>> byPeer = new HashMap<>();
  private final Map<Long, Lease> ended = new LinkedHashMap<>();
  private @Nullable Lease whole;
  private long nextId;
  private long version;

  /// Leases of a swarm that begins now. Time grows faster than the number of leases, so no swarm has the ids of one before
  /// it, of this process or of an earlier one: members may come back and name them.
  static OriginLeases beginningAt(Instant now) {
    return new OriginLeases(now.toEpochMilli() * LEASES_PER_MILLI);
  }

  OriginLeases(long firstId) {
    this.nextId = firstId;
  }

  /// Who asks, and for what.
  ///
  /// @param most pieces
  /// @param from first piece the member is interested in
  /// @param to first piece it is no longer interested in
  /// @param allowed pieces about which the identity may attest
  record Request(String peerId, SpiffeId identity, int most, int from, int to, IntPredicate allowed) {}

  /// A contiguous run of free pieces, the lowest that the member may take. Members that ask one after the other get
  /// runs one after the other, so early pieces arrive early and no two members read the same.
  Optional<Lease> grant(Request request, BitSet held, Instant now) {
    if (isWholeLeased()) {
      return Optional.empty();
    }
    int start = nextFree(request, held, request.from());
    if (start < 0) {
      return Optional.empty();
    }
    var pieces = new BitSet();
    for (int n = start; n < request.to() && pieces.cardinality() < request.most(); n++) {
      if (!isFree(request, held, n)) {
        break;
      }
      pieces.set(n);
    }
    leased.or(pieces);
    return Optional.of(add(new Lease(nextId++, request.peerId(), request.identity(), false, pieces, now)));
  }

  /// Everything to the end; possible when there is no other lease.
  Optional<Lease> grantWhole(String peerId, SpiffeId identity, Instant now) {
    return active.isEmpty()
        ? Optional.of(add(new Lease(nextId++, peerId, identity, true, new BitSet(), now)))
        : Optional.empty();
  }

  private Lease add(Lease lease) {
    active.put(lease.id(), lease);
    byPeer.computeIfAbsent(lease.peerId(), _ -> new LinkedHashSet<>()).add(lease);
    whole = lease.isWhole() ? lease : whole;
    return lease;
  }

  private static int first(BitSet held, BitSet leased, int from) {
    int n = from;
    while (true) {
      n = held.nextClearBit(n);
      int next = leased.nextClearBit(n);
      if (next == n) {
        return n;
      }
      n = next;
    }
  }

  private int nextFree(Request request, BitSet held, int from) {
    for (int n = first(held, leased, from); n < request.to(); n = first(held, leased, n + 1)) {
      if (request.allowed().test(n)) {
        return n;
      }
    }
    return -1;
  }

  private boolean isFree(Request request, BitSet held, int number) {
    return !held.get(number) && !leased.get(number) && request.allowed().test(number);
  }

  /// Free pieces in a range; counts no further than `enough`.
  int countFree(BitSet held, int from, int to, int enough) {
    int free = 0;
    for (int n = first(held, leased, from); n < to && free < enough; n = first(held, leased, n + 1)) {
      free++;
    }
    return free;
  }

  Optional<Lease> find(long id) {
    return Optional.ofNullable(active.get(id));
  }

  /// A lease that ended a short time ago: its pieces may still be on their way.
  Optional<Lease> findEnded(long id) {
    return Optional.ofNullable(ended.get(id));
  }

  /// Grows whenever a leased piece is done or free again.
  long version() {
    return version;
  }

  boolean isLeased(int number) {
    return leased.get(number);
  }

  boolean isWholeLeased() {
    return whole != null;
  }

  OriginPace pace() {
    return pace;
  }

  Laggards laggards() {
    return laggards;
  }

  /// Leased pieces that were not read yet, of leases that were granted or made progress after this time. A member that
  /// takes leases and reads nothing must not keep the others from reading.
  int outstanding(Instant since) {
    return active.values().stream()
        .filter(lease -> lease.progressAt().isAfter(since))
        .mapToInt(lease -> lease.open().cardinality())
        .sum();
  }

  int outstanding(String peerId) {
    return of(peerId).stream().mapToInt(lease -> lease.open().cardinality()).sum();
  }

  List<Lease> of(String peerId) {
    return List.copyOf(byPeer.getOrDefault(peerId, Set.of()));
  }

  Collection<Lease> all() {
    return List.copyOf(active.values());
  }

  /// A leased piece was read. Under a lease that ended before, this frees nothing: the piece may be another's by now.
  void done(Lease lease, int number, Instant now) {
    if (lease.open().get(number)) {
      leased.clear(number);
      laggards.read(lease.peerId(), lease.progressAt(), now);
    }
    lease.done(number, now);
    pace.done(now);
    version++;
    endIfEmpty(lease);
  }

  /// The holder does not read this piece.
  void giveBack(Lease lease, int number) {
    if (lease.open().get(number)) {
      leased.clear(number);
      lease.giveBack(number);
      version++;
    }
    endIfEmpty(lease);
  }

  private void endIfEmpty(Lease lease) {
    if (!lease.isWhole() && lease.open().isEmpty()) {
      end(lease);
    }
  }

  /// All its pieces are free again.
  void end(Lease lease) {
    if (active.remove(lease.id()) == null) {
      return;
    }
    byPeer.computeIfPresent(
        lease.peerId(),
        (_, own) -> {
          own.remove(lease);
          return own.isEmpty() ? null : own;
        });
    whole = lease.isWhole() ? null : whole;
    leased.andNot(lease.open());
    lease.close();
    version++;
    ended.put(lease.id(), lease);
    if (ended.size() > MAX_ENDED) {
      ended.remove(ended.keySet().iterator().next());
    }
  }
}
