package dev.damselfly.scheduler.task;

import dev.damselfly.api.error.Reason;
import dev.damselfly.api.error.RequestFailure.Refused;
import dev.damselfly.scheduler.host.Host;
import dev.damselfly.scheduler.host.HostLoad;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/// The peers of one task and the graph of who takes from whom. Each edge is counted as an upload of the parent's host
/// for exactly as long as it stands.
///
/// Not thread-safe: the task owns it, and calls it under its lock.
final class PeerTable {
  private final Map<String, Peer> peers = new LinkedHashMap<>();
  private final PeerGraph graph = new PeerGraph();

  @Nullable Peer find(String peerId) {
    return peers.get(peerId);
  }

  /// @throws Refused PEER_UNKNOWN when the task does not have it
  Peer require(String peerId) {
    Peer peer = peers.get(peerId);
    if (peer == null) {
      throw new Refused(Reason.PEER_UNKNOWN, "the task does not have this peer");
    }
    return peer;
  }

  Collection<Peer> all() {
    return peers.values();
  }

  Set<String> ids() {
    return peers.keySet();
  }

  int size() {
    return peers.size();
  }

  /// @param peer one whose id is not in the table
  void add(Peer peer) {
    peers.put(peer.id(), peer);
    graph.addVertex(peer.id());
  }

  void remove(Peer peer) {
    dropInEdges(peer);
    for (String child : graph.children(peer.id())) {
      dropEdge(peer.id(), child);
    }
    graph.removeVertex(peer.id());
    peers.remove(peer.id());
  }

  List<String> parentsOf(String peerId) {
    return graph.has(peerId) ? graph.parents(peerId) : List.of();
  }

  /// A random sample of the others, as the child may see them.
  List<Prospect> sample(Peer child, int size, RandomGenerator random) {
    var prospects = new ArrayList<Prospect>();
    for (String id : graph.sample(size, random)) {
      Peer peer = peers.get(id);
      if (peer != null && mayKnow(child, peer)) {
        prospects.add(prospect(peer, child));
      }
    }
    return prospects;
  }

  /// Gives the child these parents in place of the ones it has, as far as the graph still allows it.
  ///
  /// @return those that were added
  List<Peer> adopt(Peer child, List<String> parentIds, HostLoad.Cost cost) {
    dropInEdges(child);
    var added = new ArrayList<Peer>();
    for (String id : parentIds) {
      Peer parent = peers.get(id);
      if (parent != null && mayKnow(child, parent) && graph.addEdge(id, child.id(), cost)) {
        parent.host().addUpload(cost);
        added.add(parent);
      }
    }
    return added;
  }

  /// Whether the child may be told of the parent. A child with an identity never takes from a host without one (S-LEG-4);
  /// a child without one reaches only those that have a listener for it.
  private static boolean mayKnow(Peer child, Peer parent) {
    return parent.host().isLegacy() ? child.host().isLegacy() : !child.host().isLegacy() || parent.spec.legacyPort() != 0;
  }

  void dropInEdges(Peer child) {
    for (String parent : graph.parents(child.id())) {
      dropEdge(parent, child.id());
    }
  }

  /// Some peer on another host has pieces and is not blocked for the child.
  boolean isAvailableTo(Peer child) {
    return peers.values().stream()
        .anyMatch(
            p ->
                !p.host().id().equals(child.host().id())
                    && mayKnow(child, p)
                    && !child.blocked.contains(p.id())
                    && p.state.isAvailable());
  }

  /// A peer with an identity is at work on the content, or, when it must be complete, serves all of it.
  boolean meshHas(boolean complete) {
    return peers.values().stream()
        .anyMatch(
            p ->
                !p.host().isLegacy()
                    && p.stream != null
                    && (complete ? p.state == PeerState.SUCCEEDED : p.state.isAvailable()));
  }

  /// Hosts without an identity that say they have the whole content and share it.
  List<Host> legacyHolders() {
    return peers.values().stream()
        .filter(p -> p.host().isLegacy() && p.state == PeerState.SUCCEEDED && p.spec.range().isEmpty())
        .map(Peer::host)
        .filter(host -> host.facts().shared())
        .distinct()
        .toList();
  }

  Optional<Peer> newestSeed() {
    Peer newest = null;
    for (Peer peer : peers.values()) {
      if (peer.host().isSeed() && (newest == null || peer.updatedAt.isAfter(newest.updatedAt))) {
        newest = peer;
      }
    }
    return Optional.ofNullable(newest);
  }

  /// What garbage collection decides on.
  List<PeerAge> ages() {
    var ages = new ArrayList<PeerAge>();
    for (Peer p : peers.values()) {
      int degree = graph.degree(p.id());
      ages.add(new PeerAge(p.id(), p.host(), p.state, p.pieceAt, p.updatedAt, p.stream != null, degree));
    }
    return ages;
  }

  private Prospect prospect(Peer peer, Peer child) {
    return new Prospect(
        peer.id(),
        peer.host().facts(),
        peer.host().load(),
        peer.state,
        graph.inDegree(peer.id()),
        peer.costs.summary(),
        child.blocked.contains(peer.id()),
        graph.canAddEdge(peer.id(), child.id()));
  }

  private void dropEdge(String parentId, String childId) {
    HostLoad.Cost cost = graph.removeEdge(parentId, childId);
    Peer parent = peers.get(parentId);
    if (cost != null && parent != null) {
      parent.host().removeUpload(cost);
    }
  }
}
