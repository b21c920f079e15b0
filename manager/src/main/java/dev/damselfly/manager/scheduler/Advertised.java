package dev.damselfly.manager.scheduler;

import dev.damselfly.manager.cluster.Cluster;
import dev.damselfly.manager.seed.SeedPeerRow;
import java.util.List;

/// A scheduler as a caller is told about it.
public record Advertised(SchedulerRow scheduler, Cluster cluster, List<SeedPeerRow> seeds) {
  public Advertised {
    seeds = List.copyOf(seeds);
  }
}
