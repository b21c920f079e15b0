package dev.damselfly.peer.boot;

import dev.damselfly.authz.limits.Bound;
import dev.damselfly.authz.limits.Limits;
import dev.damselfly.peer.discover.SchedulerHolders;
import dev.damselfly.peer.download.Colleagues;
import dev.damselfly.peer.legacy.LegacyParents;
import java.util.Optional;

/// Wires what dials hosts without an identity; nothing unless it is configured.
final class LegacyParts {
  private LegacyParts() {}

  static Optional<LegacyParents> parents(
      PeerConfig.PeerDownloads config, Colleagues with, SchedulerHolders holders, Limits limits) {
    var bounds =
        new LegacyParents.Bounds(
            limits.time(Bound.FIRST_BYTE_TIME),
            limits.time(Bound.LEGACY_PIECE_TIME),
            limits.time(Bound.LEGACY_CONTENT_TIME),
            limits.value(Bound.LEGACY_CONTENT),
            limits.count(Bound.LEGACY_HOLDERS));
    return config.legacyParents().map(own -> new LegacyParents(own, holders, with.store(), with.timer(), with.audit(), bounds));
  }
}
