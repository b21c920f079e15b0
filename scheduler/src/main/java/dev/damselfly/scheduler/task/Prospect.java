package dev.damselfly.scheduler.task;

import dev.damselfly.scheduler.host.Host;
import dev.damselfly.scheduler.host.HostLoad;

/// A peer seen as a possible parent of one child: everything that parent selection reads, at one moment.
///
/// @param blocked the child does not want it
/// @param edgePossible an edge to the child would close no cycle and is not there yet
public record Prospect(
    String peerId,
    Host.Facts host,
    HostLoad load,
    PeerState state,
    int inDegree,
    PieceCosts.Summary costs,
    boolean blocked,
    boolean edgePossible) {
  /// The child and a sample of its task.
  public record Sample(String childId, Host.Facts childHost, PeerState childState, java.util.List<Prospect> prospects) {
    public Sample {
      prospects = java.util.List.copyOf(prospects);
    }
  }
}
