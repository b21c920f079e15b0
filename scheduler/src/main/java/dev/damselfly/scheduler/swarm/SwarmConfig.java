package dev.damselfly.scheduler.swarm;

import dev.damselfly.authz.identity.Role;
import java.time.Duration;
import java.util.Set;

/// Settings of the swarms.
///
/// @param outbox events that may wait for a slow member before its stream is ended
/// @param maxMembers live members of one swarm
public record SwarmConfig(Leases leases, Mesh mesh, int outbox, int maxMembers) {
  public static final SwarmConfig DEFAULT = new SwarmConfig(Leases.DEFAULT, Mesh.DEFAULT, 4096, 20_000);

  /// How the origin is shared.
  ///
  /// @param roles identities that may go to the origin and attest what they read there
  /// @param perLease pieces in one lease
  /// @param perMember leased pieces of one member
  /// @param silence a lease without a new piece for this long is revoked
  /// @param preferSeed peers wait for a seed that was triggered
  /// @param seedWait at most this long
  public record Leases(
      Set<Role> roles, int perLease, int perMember, Duration silence, boolean preferSeed, Duration seedWait) {
    public static final Leases DEFAULT =
        new Leases(Set.of(Role.PEER, Role.SEED_PEER), 8, 32, Duration.ofMinutes(1), false, Duration.ofSeconds(2));

    public Leases {
      roles = Set.copyOf(roles);
    }
  }

  /// How members find each other.
  ///
  /// @param parentsPerChild parents of one member
  /// @param randomParents of these, chosen at random (S-SCH-7)
  /// @param grantTtl life of a grant; it is renewed after three quarters
  public record Mesh(int parentsPerChild, int randomParents, Duration grantTtl) {
    public static final Mesh DEFAULT = new Mesh(8, 2, Duration.ofMinutes(10));
  }
}
