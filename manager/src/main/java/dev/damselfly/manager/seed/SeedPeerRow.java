package dev.damselfly.manager.seed;

import dev.damselfly.manager.cluster.SeedClusterId;

/// A registered seed peer.
///
/// @param active whether it was heard of lately
public record SeedPeerRow(long id, SeedClusterId cluster, SeedRegistration said, boolean active) {
  /// The one type there is.
  public static final String TYPE = "super";
}
