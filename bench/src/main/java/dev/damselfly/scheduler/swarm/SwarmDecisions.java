package dev.damselfly.scheduler.swarm;

import dev.damselfly.authz.identity.SpiffeId;
import dev.damselfly.scheduler.parent.Score;
import java.time.Instant;
import java.util.BitSet;
import java.util.List;
import java.util.Optional;
import java.util.random.RandomGenerator;

/// The scheduler's own decisions, for programs that measure them: which parents a member gets, and which pieces it
/// reads from the origin. Not thread-safe.
public final class SwarmDecisions {
  private static final SwarmConfig.Mesh MESH = SwarmConfig.DEFAULT.mesh();
  private static final SpiffeId ANYBODY = SpiffeId.parse("spiffe://bench.test/damselfly/peer/east/simulated");

  private final OriginLeases leases = new OriginLeases(1);
  private final Holdings holdings = new Holdings();
  private final int count;

  /// @param count pieces of the content
  public SwarmDecisions(int count) {
    this.count = count;
  }

  /// Parents that one member may have.
  public static int mostParents() {
    return MESH.parentsPerChild();
  }

  /// Children that choice gives to one parent.
  public static int mostChildren() {
    return 2 * MESH.parentsPerChild();
  }

  /// A possible parent.
  ///
  /// @param load links that it serves
  public record Candidate(int member, int load) {}

  /// The candidates that become parents.
  public static int[] parents(List<Candidate> candidates, int room, RandomGenerator random) {
    var options =
        candidates.stream()
            .map(c -> new MeshChoice.Option(Integer.toString(c.member()), score(c.load()), c.load()))
            .toList();
    return MeshChoice.choose(options, room, MESH.randomParents(), random).stream()
        .mapToInt(pick -> Integer.parseInt(pick.peerId()))
        .toArray();
  }

  /// Hosts that are alike but for their load.
  private static Score score(int load) {
    return new Score(1.0 / (1 + load), 0, 0, 0.5);
  }

  /// One piece for a member to read from the origin, if there is room for one more read.
  public Optional<int[]> lease(int member, double seconds) {
    Instant now = at(seconds);
    if (leases.outstanding(now.minus(OriginPace.PATIENCE)) >= leases.pace().inFlight(count)) {
      return Optional.empty();
    }
    var request = new OriginLeases.Request(Integer.toString(member), ANYBODY, 1, 0, count, _ -> true);
    return leases.grant(request, holdings.held(), now).map(lease -> new int[] {(int) lease.id(), lease.numbers()[0]});
  }

  /// A leased piece was read.
  public void read(int lease, int piece, double seconds) {
    leases.find(lease).ifPresent(found -> leases.done(found, piece, at(seconds)));
    holdings.add(piece);
  }

  /// Pieces that somebody holds.
  public BitSet held() {
    return holdings.held();
  }


  private static Instant at(double seconds) {
    return Instant.ofEpochMilli((long) (seconds * 1000));
  }
}
