package dev.damselfly.scheduler.swarm;

import dev.damselfly.authz.identity.SpiffeId;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;

/// Who was reported for wrong bytes, by whom. One reporter is not enough to shut a parent out, unless it attested
/// the piece itself; two identities are. Not thread-safe.
final class Blame {
  private static final int REPORTERS = 2;

  private final Map<SpiffeId, Set<SpiffeId>> reporters = new HashMap<>();
  private final Set<SpiffeId> quarantined = new HashSet<>();

  /// @return true when the parent is shut out by this very report
  boolean report(SpiffeId parent, SpiffeId reporter, boolean reporterAttested) {
    if (parent.equals(reporter) || quarantined.contains(parent)) {
      return false;
    }
    Set<SpiffeId> all = reporters.computeIfAbsent(parent, _ -> new HashSet<>());
    all.add(reporter);
    if (!reporterAttested && all.size() < REPORTERS) {
      return false;
    }
    reporters.remove(parent);
    return quarantined.add(parent);
  }

  void quarantine(SpiffeId identity) {
    quarantined.add(identity);
  }

  boolean isQuarantined(SpiffeId identity) {
    return quarantined.contains(identity);
  }
}
