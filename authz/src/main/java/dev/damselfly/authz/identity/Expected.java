package dev.damselfly.authz.identity;

import dev.damselfly.authz.identity.RoleTemplate.Meaning;
import java.util.Optional;
import java.util.Set;

/// Who must be at the other end of a connection.
///
/// @param roles any of these
/// @param cluster and this cluster, when present
/// @param id and exactly this identity, when present
public record Expected(Set<Role> roles, Optional<String> cluster, Optional<SpiffeId> id) {
  public Expected {
    roles = Set.copyOf(roles);
  }

  public static Expected role(Role role) {
    return new Expected(Set.of(role), Optional.empty(), Optional.empty());
  }

  /// Every role of the template: what a server expects, whose policy table decides per call.
  public static Expected anyRole() {
    return new Expected(Set.of(Role.values()), Optional.empty(), Optional.empty());
  }

  public Expected inCluster(String name) {
    return new Expected(roles, Optional.of(name), id);
  }

  public Expected exactly(SpiffeId only) {
    return new Expected(roles, cluster, Optional.of(only));
  }

  /// Whether a verified identity, and what the role template says of it, is the awaited one.
  public boolean accepts(SpiffeId actual, Meaning meaning) {
    return roles.contains(meaning.role())
        && (cluster.isEmpty() || cluster.equals(meaning.cluster()))
        && (id.isEmpty() || id.get().equals(actual));
  }
}
