package dev.damselfly.scheduler.swarm;

import dev.damselfly.api.id.TaskId;
import dev.damselfly.api.wire.damselfly.v1.Grant;
import dev.damselfly.api.wire.damselfly.v1.ListGrantKeysResponse;
import dev.damselfly.authz.identity.SpiffeId;
import java.util.List;

/// Makes grants and lists the keys that verify them.
///
/// Implementations: [GrantSigner]; simulations of large swarms hand out unsigned ones, which nobody would take.
public interface Grants {
  /// A grant for one child on the named parents.
  Grant sign(TaskId task, boolean restricted, SpiffeId child, List<SpiffeId> parents);

  /// Newest first.
  ListGrantKeysResponse keys();
}
