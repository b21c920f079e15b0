package dev.damselfly.conformance.scheduler;

import dev.damselfly.api.wire.common.v2.Peer;
import dev.damselfly.conformance.counterpart.Content;
import dev.damselfly.conformance.suite.Case;
import dev.damselfly.conformance.suite.Stage;
import dev.damselfly.conformance.target.Role;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/// The graph of one task under a storm of peers.
final class GraphCases {
  private static final int PEERS = 16;
  private static final int STEPS = 60;

  private GraphCases() {}

  static List<Case> all() {
    return List.of(
        Case.wire("SCH-013/acyclic", "B13", Role.SCHEDULER, "scheduler 1.3", "a peer is never its own ancestor", GraphCases::acyclic));
  }

  static void acyclic(Stage stage) throws Exception {
    var site = Site.open(stage);
    Content content = site.content();
    var root = site.holder(site.peer("root"), content);
    Map<String, Set<String>> parents = new HashMap<>();
    var children = new ArrayList<Announcement>();
    var offers = new HashMap<String, List<Peer>>();
    for (int i = 0; i < PEERS; i++) {
      Announcement child = site.peer("peer-" + i).register(content);
      offer(stage, parents, offers, child, child.normal("a child of a finished peer"));
      children.add(child.started());
    }
    for (int step = 0; step < STEPS; step++) {
      Announcement child = children.get(stage.number(children.size()));
      var echoed = offers.getOrDefault(child.peerId(), List.of()).stream().filter(peer -> !peer.getId().equals(root.peerId())).limit(1).toList();
      if (echoed.isEmpty()) {
        continue; // a reschedule echoes at least one parent
      }
      child.reschedule(echoed);
      parents.remove(child.peerId());
      Answer answer = child.next();
      if (answer instanceof Answer.Normal normal) {
        offer(stage, parents, offers, child, normal);
        child.started();
      } else {
        children.remove(child);
        stage.expectTrue("enough peers stay for the storm", children.size() > PEERS / 2, answer);
      }
    }
  }

  private static void offer(
      Stage stage, Map<String, Set<String>> parents, Map<String, List<Peer>> offers, Announcement child, Answer.Normal offered) {
    for (String parent : offered.ids()) {
      stage.expectTrue("no parent is the child itself or descends from it", !descends(parents, parent, child.peerId()), offered);
    }
    parents.put(child.peerId(), new HashSet<>(offered.ids()));
    offers.put(child.peerId(), offered.parents());
  }

  /// Whether `ancestor` is `peer` or above it.
  private static boolean descends(Map<String, Set<String>> parents, String peer, String ancestor) {
    var open = new ArrayDeque<>(List.of(peer));
    var seen = new HashSet<String>();
    while (!open.isEmpty()) {
      String next = open.pop();
      if (next.equals(ancestor)) {
        return true;
      }
      if (seen.add(next)) {
        open.addAll(parents.getOrDefault(next, Set.of()));
      }
    }
    return false;
  }
}
