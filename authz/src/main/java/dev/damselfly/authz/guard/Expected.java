package dev.damselfly.authz.guard;

import dev.damselfly.authz.identity.Role;
import dev.damselfly.authz.identity.SpiffeId;
import java.util.Optional;
import java.util.Set;

/// Who must answer at the other end of a channel that we open.
///
/// @param roles any of these
/// @param cluster and this cluster, when present
/// @param id and exactly this identity, when present
public record Expected(Set<Role> roles, Optional<String> cluster, Optional<SpiffeId> id) {
  public static Expected role(Role role) {
    return new Expected(Set.of(role), Optional.empty(), Optional.empty());
  }

  public Expected inCluster(String name) {
    return new Expected(roles, Optional.of(name), id);
  }

  public Expected exactly(SpiffeId only) {
    return new Expected(roles, cluster, Optional.of(only));
  }
}
