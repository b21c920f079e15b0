package dev.damselfly.scheduler.swarm;

import dev.damselfly.authz.identity.SpiffeId;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;

/// Piece digests of a swarm, each from an identity that read the piece from the origin. Not thread-safe.
///
/// Two identities that disagree make a dispute: nothing is attested for the piece until one digest has two
/// identities behind it. The others lied: what they attested alone is withdrawn, and they attest no more.
final class Attestations {
  private static final int MAX_CLAIMS = 8;

  private final Map<Integer, Attested> byNumber = new TreeMap<>();
  private final Map<Integer, List<Attested>> disputes = new HashMap<>();
  private final Set<SpiffeId> barred = new HashSet<>();

  /// What became of a claim.
  sealed interface Verdict {
    /// The first for this piece, or the one that nobody contradicts.
    record First(Attested attested) implements Verdict {}

    record Same() implements Verdict {}

    /// Nothing is known about the piece any more.
    record Disputed() implements Verdict {}

    /// The dispute is over.
    ///
    /// @param withdrawn other pieces that only liars attested
    record Settled(Attested attested, Set<SpiffeId> liars, List<Integer> withdrawn) implements Verdict {}

    /// This identity has no say about the piece.
    record Ignored() implements Verdict {}
  }

  Verdict attest(Attested claim) {
    if (barred.contains(claim.attester())) {
      return new Verdict.Ignored();
    }
    List<Attested> claims = disputes.get(claim.number());
    if (claims != null) {
      return decide(claims, claim);
    }
    Attested known = byNumber.get(claim.number());
    if (known == null) {
      byNumber.put(claim.number(), claim);
      return new Verdict.First(claim);
    }
    if (known.agreesWith(claim)) {
      return new Verdict.Same();
    }
    byNumber.remove(claim.number());
    var both = new ArrayList<Attested>(List.of(known));
    if (known.attester().equals(claim.attester())) {
      barred.add(claim.attester()); // contradicts itself
    } else {
      both.add(claim);
    }
    disputes.put(claim.number(), both);
    return new Verdict.Disputed();
  }

  private Verdict decide(List<Attested> claims, Attested claim) {
    if (claims.stream().anyMatch(c -> c.attester().equals(claim.attester()))) {
      return new Verdict.Ignored();
    }
    boolean confirmed =
        claims.stream().anyMatch(c -> c.agreesWith(claim) && !barred.contains(c.attester()));
    if (!confirmed) {
      if (claims.size() >= MAX_CLAIMS) {
        claims.clear(); // no two agree: begin again rather than grow
      }
      claims.add(claim);
      return new Verdict.Disputed();
    }
    disputes.remove(claim.number());
    var liars = new HashSet<SpiffeId>();
    claims.stream().filter(c -> !c.agreesWith(claim)).forEach(c -> liars.add(c.attester()));
    byNumber.put(claim.number(), claim);
    return new Verdict.Settled(claim, Set.copyOf(liars), bar(liars));
  }

  /// The identities attest no more; what they attested is withdrawn.
  List<Integer> bar(Collection<SpiffeId> liars) {
    barred.addAll(liars);
    List<Integer> withdrawn =
        byNumber.values().stream().filter(a -> liars.contains(a.attester())).map(Attested::number).toList();
    withdrawn.forEach(byNumber::remove);
    return withdrawn;
  }

  Optional<Attested> find(int number) {
    return Optional.ofNullable(byNumber.get(number));
  }

  /// All, in order of their numbers.
  Collection<Attested> all() {
    return byNumber.values();
  }

  /// True when what this identity reads from the origin would say something about the piece.
  boolean mayAttest(SpiffeId identity, int number) {
    List<Attested> claims = disputes.get(number);
    return !barred.contains(identity)
        && (claims == null || claims.stream().noneMatch(c -> c.attester().equals(identity)));
  }

  boolean isDisputed(int number) {
    return disputes.containsKey(number);
  }

  boolean hasBarred() {
    return !barred.isEmpty();
  }

  boolean isBarred(SpiffeId identity) {
    return barred.contains(identity);
  }
}
