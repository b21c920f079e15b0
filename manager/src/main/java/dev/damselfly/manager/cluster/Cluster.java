package dev.damselfly.manager.cluster;

import dev.damselfly.manager.address.IpAddress;

/// A cluster with its numbers: one scheduler cluster and the one seed peer cluster that belongs to it.
public record Cluster(ClusterId id, SeedClusterId seeds, ClusterSpec spec) {
  public ClusterName name() {
    return spec.name();
  }

  /// Whether a member may be advertised there: the observed address, or a declared network.
  public boolean allowsAddress(IpAddress claimed, IpAddress observed) {
    return claimed.isUnicast()
        && (claimed.equals(observed) || spec.memberNetworks().stream().anyMatch(n -> n.contains(claimed.value())));
  }
}
