package dev.damselfly.conformance.reference;

import com.google.common.base.Ascii;
import dev.damselfly.api.wire.common.v2.Download;
import dev.damselfly.api.wire.common.v2.Host;
import dev.damselfly.api.wire.common.v2.Peer;
import dev.damselfly.api.wire.common.v2.SizeScope;
import dev.damselfly.api.wire.common.v2.Task;
import java.util.ArrayDeque;
import java.util.Comparator;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/// A task as the reference scheduler knows it. Guarded by the scheduler's lock.
final class RefTask {
  final String id;
  final Download first;
  final Map<String, RefPeer> peers = new LinkedHashMap<>();
  final Set<String> metadataOnly = new HashSet<>();
  private final Set<Fault> faults;
  String state = "Pending";
  boolean triggered;

  RefTask(String id, Download first, Set<Fault> faults) {
    this.id = id;
    this.first = first;
    this.faults = faults;
  }

  Task message() {
    var message =
        Task.newBuilder()
            .setId(id)
            .setUrl(first.getUrl())
            .setType(first.getType())
            .setContentLength(first.getActualContentLength())
            .setPieceCount((int) first.getActualPieceCount())
            .setSizeScope(SizeScope.NORMAL)
            .setState(state)
            .setPeerCount(peers.size())
            .setCreatedAt(RefPeer.created())
            .setUpdatedAt(RefPeer.created());
    if (faults.contains(Fault.SHOWS_REQUEST_HEADERS)) {
      message.putAllRequestHeader(first.getRequestHeaderMap());
    }
    return message.build();
  }

  List<Peer> adopt(RefPeer child, int limit) {
    child.parents.clear();
    List<RefPeer> chosen =
        peers.values().stream()
            .filter(parent -> mayServe(parent, child))
            .sorted(Comparator.comparingDouble((RefPeer parent) -> -score(parent, child.host)))
            .limit(limit)
            .toList();
    chosen.forEach(parent -> child.parents.add(parent.id));
    boolean times = !(faults.contains(Fault.OMITS_PARENT_TIMES) && chosen.stream().anyMatch(RefPeer::isSeed));
    return chosen.stream().map(parent -> parent.message(message(), times)).toList();
  }

  private boolean mayServe(RefPeer parent, RefPeer child) {
    boolean sameHost = parent.host.getId().equals(child.host.getId()) && !faults.contains(Fault.OFFERS_SAME_HOST);
    boolean unshared = parent.host.getDisableShared() && !faults.contains(Fault.OFFERS_UNSHARED_HOSTS);
    boolean failed = parent.state.equals("Failed") && faults.contains(Fault.OFFERS_FAILED_PEERS);
    boolean forgotten = metadataOnly.contains(parent.id) && faults.contains(Fault.FORGETS_METADATA_HOLDERS);
    boolean slow = parent.isSlow() && !faults.contains(Fault.OFFERS_SLOW_PARENTS);
    boolean cycle = reaches(parent, child.id) && !faults.contains(Fault.ALLOWS_CYCLES);
    return (parent.serves() || failed)
        && !child.id.equals(parent.id)
        && !child.blocked.contains(parent.id)
        && !sameHost && !unshared && !slow && !cycle && !forgotten;
  }

  private boolean reaches(RefPeer from, String target) {
    var open = new ArrayDeque<>(from.parents);
    var seen = new HashSet<String>();
    while (!open.isEmpty()) {
      String next = open.pop();
      RefPeer peer = peers.get(next);
      if (next.equals(target)) {
        return true;
      }
      if (peer != null && seen.add(next)) {
        open.addAll(peer.parents);
      }
    }
    return false;
  }

  private double score(RefPeer parent, Host child) {
    String idc = parent.host.getNetwork().getIdc();
    String own = child.getNetwork().getIdc();
    boolean sameIdc = faults.contains(Fault.COMPARES_IDC_BY_CASE) ? idc.equals(own) : Ascii.equalsIgnoreCase(idc, own);
    double affinity = !idc.isEmpty() && sameIdc ? 0.2 : 0;
    double seed = parent.isSeed() ? (parent.state.equals("Running") || faults.contains(Fault.PREFERS_IDLE_SEEDS) ? 0.1 : 0) : 0.05;
    return affinity + 0.1 * prefix(parent.host.getNetwork().getLocation(), child.getNetwork().getLocation()) + seed;
  }

  private static double prefix(String one, String other) {
    if (one.isEmpty() || other.isEmpty()) {
      return 0;
    }
    String[] left = one.split("\\|", -1);
    String[] right = other.split("\\|", -1);
    int same = 0;
    while (same < Math.min(left.length, right.length) && left[same].equals(right[same])) {
      same++;
    }
    return same == left.length && same == right.length ? 1 : Math.min(same, 5) / 5.0;
  }
}
