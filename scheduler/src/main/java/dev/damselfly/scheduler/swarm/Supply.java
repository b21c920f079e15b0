package dev.damselfly.scheduler.swarm;

import com.google.protobuf.Duration;
import dev.damselfly.api.wire.damselfly.v1.JoinEvent;
import dev.damselfly.api.wire.damselfly.v1.LeaseGranted;
import dev.damselfly.api.wire.damselfly.v1.LeaseRevoked;
import java.time.Instant;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.Comparator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// Gives leases to members that want them, in the order in which they asked; who gets none now waits and is served as
/// soon as pieces come free. Not thread-safe: the swarm's lock guards it.
final class Supply {
  private final Roster roster;
  private final Attestations attestations;
  private final SwarmConfig.Leases config;
  private final OriginLeases leases;
  private final Set<Member> waiting = new LinkedHashSet<>();
  private @Nullable FixedContent content;
  private Instant peersWaitUntil = Instant.MIN;
  private boolean stirred;

  /// Some member cannot use a parent that others can.
  private boolean someHaveLost;
  private long seenLeases;
  private long seenLosses;

  /// @param now when the swarm begins
  Supply(Roster roster, Attestations attestations, SwarmConfig.Leases config, Instant now) {
    this.leases = OriginLeases.beginningAt(now);
    this.roster = roster;
    this.attestations = attestations;
    this.config = config;
  }

  OriginLeases leases() {
    return leases;
  }

  void fixed(FixedContent known) {
    content = known;
    stir();
  }

  /// Something changed that may let a member take a lease, or leave the swarm without a way to the origin.
  void stir() {
    stirred = true;
  }

  /// A member lost a parent: what only that one holds is the member's to lease now.
  void lostParent() {
    someHaveLost = true;
    stir();
  }

  /// True once after such a change, lost pieces and ended leases included.
  boolean takeStir() {
    long ended = leases.version();
    long lost = roster.holdings().losses();
    boolean now = stirred || ended != seenLeases || lost != seenLosses;
    stirred = false;
    seenLeases = ended;
    seenLosses = lost;
    return now;
  }

  /// Peers get no lease until then or until a seed is there.
  void holdBackPeers(Instant until) {
    peersWaitUntil = until;
  }

  boolean mayLease(Member member) {
    return member.mayUseOrigin && !member.gone && !attestations.isBarred(member.identity());
  }

  void want(Member member, int pieces) {
    member.demand = Math.clamp(pieces, 0, config.perMember());
    waiting.remove(member);
    if (member.demand > 0) {
      waiting.add(member);
      stir();
    }
  }

  void forget(Member member) {
    member.demand = 0;
    waiting.remove(member);
  }

  /// Serves who waits; several rounds, so that a large demand does not starve the others.
  ///
  /// @return the leases that were granted
  List<Lease> offer(Instant now) {
    var granted = new ArrayList<Lease>();
    FixedContent known = content;
    if (known == null || waiting.isEmpty()) {
      return granted;
    }
    takeBackLate(now);
    boolean nothingFree = isNothingFree(known);
    if (nothingFree && !someHaveLost || isBusy(known, now)) {
      return granted; // the usual end, so it comes before anything that looks at every member
    }
    boolean holdBack = now.isBefore(peersWaitUntil) && !roster.hasSeed();
    boolean progress = true;
    while (progress && !waiting.isEmpty()) {
      progress = false;
      boolean swiftReads = false;
      for (Member member : leastServedFirst(now)) {
        if (isBusy(known, now)) {
          return granted;
        }
        boolean lags = leases.laggards().lags(member.peerId, now);
        swiftReads |= !lags && leases.outstanding(member.peerId) > 0;
        Optional<Lease> lease =
            !mayLease(member)
                    || holdBack && !member.host.isSeed()
                    || nothingFree && member.blocked.isEmpty()
                    || lags && (progress || swiftReads) // the others come back for it
                ? Optional.empty()
                : grant(member, known, now);
        if (lease.isPresent()) {
          progress = true;
          granted.add(lease.get());
        }
      }
    }
    return granted;
  }

  /// As much is being read as keeps the origin busy. A member that is alone reads ahead, so for it there is no such end.
  private boolean isBusy(FixedContent known, Instant now) {
    return known.isDivisible()
        && room(known.layout().orElseThrow().count(), now) <= 0
        && roster.originReaders() > 1;
  }

  private int room(int count, Instant now) {
    return leases.pace().inFlight(count) - leases.outstanding(now.minus(OriginPace.PATIENCE));
  }

  /// Late reads are for members that wait and do not lag.
  private void takeBackLate(Instant now) {
    for (Lease lease : leases.all()) {
      if (!lease.isWhole() && leases.laggards().isLate(lease, now) && isWanted(lease, now)) {
        leases.laggards().tookBack(lease, now);
        revoke(lease);
      }
    }
  }

  private boolean isWanted(Lease late, Instant now) {
    return waiting.stream()
        .anyMatch(
            member ->
                !member.peerId.equals(late.peerId())
                    && mayLease(member)
                    && !leases.laggards().lags(member.peerId, now)
                    && late.open().stream().anyMatch(n -> mayRead(member, n)));
  }

  private boolean mayRead(Member member, int number) {
    return number >= member.from
        && number < member.to
        && !member.held.get(number)
        && attestations.mayAttest(member.identity(), number);
  }

  /// Who read little so far has little that others could fetch from it: every link of the swarm is to be used.
  private List<Member> leastServedFirst(Instant now) {
    return waiting.stream()
        .sorted(
            Comparator.comparing((Member member) -> leases.laggards().lags(member.peerId, now))
                .thenComparingInt(member -> leases.outstanding(member.peerId))
                .thenComparingInt(member -> member.leased))
        .toList();
  }

  private boolean isNothingFree(FixedContent known) {
    return leases.isWholeLeased()
        || known.isDivisible()
            && leases.countFree(roster.holdings().held(), 0, known.layout().orElseThrow().count(), 1) == 0;
  }

  /// Pieces that the member can have from others. Who holds a piece but is of no use to the member, because it lied to
  /// it or does not answer it, does not count: else one such holder would keep the member from the content for ever.
  private BitSet heldFor(Member member) {
    if (member.blocked.isEmpty()) {
      return roster.holdings().held();
    }
    var held = new BitSet();
    roster.all().stream().filter(other -> !member.blocked.contains(other.peerId)).forEach(other -> held.or(other.held));
    return held;
  }

  private Optional<Lease> grant(Member member, FixedContent known, Instant now) {
    Optional<Lease> lease = known.isDivisible() ? grantPieces(member, known, now) : grantWhole(member, known, now);
    lease.ifPresent(
        given -> {
          member.leased += given.open().cardinality();
          member.demand -= given.isWhole() ? member.demand : given.open().cardinality();
          if (member.demand <= 0) {
            waiting.remove(member);
          }
          announce(member, given);
        });
    return lease;
  }

  private Optional<Lease> grantPieces(Member member, FixedContent known, Instant now) {
    int count = known.layout().orElseThrow().count();
    int to = Math.min(member.to, count);
    long takers = Math.max(1, roster.originReaders());
    BitSet held = heldFor(member);
    long missing = (long) count - held.cardinality();
    long own = Math.clamp((missing + takers - 1) / takers, 1, config.perMember());
    int room = room(count, now);
    if (takers == 1) { // a member that is alone passes nothing on, and reads ahead
      room += Math.max(0, held.cardinality() - leases.pace().inFlight(count));
    }
    int most = (int) Math.min(Math.min(member.demand, room), own - leases.outstanding(member.peerId));
    if (most <= 0) {
      return Optional.empty(); // it has its share of what is missing
    }
    int share = takers == 1 ? fairShare(held, takers, member.from, to) : 1;
    var request =
        new OriginLeases.Request(
            member.peerId,
            member.identity(),
            Math.min(most, share),
            member.from,
            to,
            n -> mayRead(member, n));
    return leases.grant(request, held, now);
  }

  /// Small leases when many want few pieces, so that every member's way to the origin is used.
  private int fairShare(BitSet held, long takers, int from, int to) {
    long shares = 2 * takers;
    int enough = (int) Math.min(Integer.MAX_VALUE, shares * config.perLease());
    int free = leases.countFree(held, from, to, enough);
    return Math.clamp((free + shares - 1) / shares, 1, config.perLease());
  }

  private Optional<Lease> grantWhole(Member member, FixedContent known, Instant now) {
    var layout = known.layout();
    if (layout.isPresent() && heldFor(member).cardinality() >= layout.get().count()) {
      return Optional.empty(); // everything is there
    }
    return leases.grantWhole(member.peerId, member.identity(), now);
  }

  private void announce(Member member, Lease lease) {
    var event =
        LeaseGranted.newBuilder()
            .setLeaseId(lease.id())
            .setWhole(lease.isWhole())
            .setDeadline(
                Duration.newBuilder()
                    .setSeconds(config.silence().toSeconds())
                    .setNanos(config.silence().toNanosPart()));
    for (int number : lease.numbers()) {
      event.addNumbers(number);
    }
    roster.send(member, JoinEvent.newBuilder().setLease(event).build());
  }

  /// Takes the lease back and says so.
  void revoke(Lease lease) {
    leases.end(lease);
    roster
        .find(lease.peerId())
        .ifPresent(
            member -> {
              forget(member);
              var event = LeaseRevoked.newBuilder().setLeaseId(lease.id());
              roster.send(member, JoinEvent.newBuilder().setLeaseRevoked(event).build());
            });
  }

  /// Takes back what identities hold that may not attest any more.
  void revokeBarred() {
    if (attestations.hasBarred()) {
      leases.all().stream().filter(lease -> attestations.isBarred(lease.identity())).forEach(this::revoke);
    }
  }

  /// Ends every lease of a member that is gone.
  void endAll(Member member) {
    forget(member);
    leases.laggards().forget(member.peerId);
    leases.of(member.peerId).forEach(leases::end);
  }

  /// Ends the lease on everything when everything is there.
  void endWholeIfComplete() {
    FixedContent known = content;
    if (known == null || known.layout().isEmpty()) {
      return;
    }
    int count = known.layout().get().count();
    if (roster.holdings().held().cardinality() >= count) {
      leases.all().stream().filter(lease -> lease.isWhole() && !isOfUse(lease, count)).forEach(leases::end);
    }
  }

  /// Its reader can not have everything from others.
  private boolean isOfUse(Lease lease, int count) {
    return roster.find(lease.peerId()).filter(reader -> heldFor(reader).cardinality() < count).isPresent();
  }
}
