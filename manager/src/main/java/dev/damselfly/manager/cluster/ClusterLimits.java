package dev.damselfly.manager.cluster;

import dev.damselfly.api.error.InvalidValue;

/// Numbers that schedulers and peers of a cluster work with (manager.md section 3).
///
/// @param candidateParents parents offered to a child at most, 1..20
/// @param filterParents parents looked at per choice, 10..1000
/// @param load concurrent uploads of a peer, 1..2000
/// @param seedLoad concurrent uploads of a seed peer, 1..50000
public record ClusterLimits(int candidateParents, int filterParents, int load, int seedLoad) {
  public static final ClusterLimits DEFAULT = new ClusterLimits(3, 15, 200, 2000);

  public ClusterLimits {
    require(candidateParents, 1, 20, "candidate_parent_limit must be in [1, 20]");
    require(filterParents, 10, 1000, "filter_parent_limit must be in [10, 1000]");
    require(load, 1, 2000, "load_limit must be in [1, 2000]");
    require(seedLoad, 1, 50_000, "the load_limit of seed peers must be in [1, 50000]");
  }

  private static void require(int value, int min, int max, String rule) {
    if (value < min || value > max) {
      throw new InvalidValue(rule);
    }
  }
}
