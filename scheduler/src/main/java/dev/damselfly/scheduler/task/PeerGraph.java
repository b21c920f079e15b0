package dev.damselfly.scheduler.task;

import dev.damselfly.scheduler.host.HostLoad;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/// Directed acyclic graph of peers, edge parent to child; each edge carries what it costs the parent.
/// Not thread-safe: the task's lock guards it.
final class PeerGraph {
  private final Map<String, Node> nodes = new HashMap<>();
  private final List<String> order = new ArrayList<>(); // for uniform samples without a walk

  private static final class Node {
    final Map<String, HostLoad.Cost> parents = new LinkedHashMap<>();
    final Set<String> children = new HashSet<>();
    int position;
  }

  /// @throws IllegalStateException when it is there already
  void addVertex(String id) {
    var node = new Node();
    node.position = order.size();
    if (nodes.putIfAbsent(id, node) != null) {
      throw new IllegalStateException("the vertex is there");
    }
    order.add(id);
  }

  boolean has(String id) {
    return nodes.containsKey(id);
  }

  int size() {
    return order.size();
  }

  int inDegree(String id) {
    return node(id).parents.size();
  }

  int degree(String id) {
    return node(id).parents.size() + node(id).children.size();
  }

  List<String> parents(String id) {
    return List.copyOf(node(id).parents.keySet());
  }

  List<String> children(String id) {
    return List.copyOf(node(id).children);
  }

  /// True unless the ids are equal, a vertex is missing, the edge is there, or it would close a cycle.
  boolean canAddEdge(String parent, String child) {
    Node to = nodes.get(child);
    return to != null
        && nodes.containsKey(parent)
        && !parent.equals(child)
        && !to.parents.containsKey(parent)
        && !hasPath(child, parent);
  }

  boolean addEdge(String parent, String child, HostLoad.Cost cost) {
    if (!canAddEdge(parent, child)) {
      return false;
    }
    node(child).parents.put(parent, cost);
    node(parent).children.add(child);
    return true;
  }

  /// Removes the edge and returns what it cost; absent edge: null.
  HostLoad.@Nullable Cost removeEdge(String parent, String child) {
    Node to = nodes.get(child);
    HostLoad.Cost cost = to == null ? null : to.parents.remove(parent);
    if (cost != null) {
      node(parent).children.remove(child);
    }
    return cost;
  }

  /// Removes a vertex without edges.
  void removeVertex(String id) {
    Node node = nodes.get(id);
    if (node == null) {
      return;
    }
    if (!node.parents.isEmpty() || !node.children.isEmpty()) {
      throw new IllegalStateException("the vertex has edges");
    }
    nodes.remove(id);
    String last = order.removeLast();
    if (!last.equals(id)) {
      order.set(node.position, last);
      node(last).position = node.position;
    }
  }

  /// At most `n` vertices, each subset equally likely.
  List<String> sample(int n, RandomGenerator random) {
    if (order.size() <= n) {
      return List.copyOf(order);
    }
    Set<Integer> chosen = new HashSet<>();
    for (int top = order.size() - n; top < order.size(); top++) { // Floyd's sampling
      int pick = random.nextInt(top + 1);
      chosen.add(chosen.contains(pick) ? top : pick);
    }
    return chosen.stream().sorted().map(order::get).toList();
  }

  List<String> vertices() {
    return List.copyOf(order);
  }

  private boolean hasPath(String from, String to) {
    Set<String> seen = new HashSet<>();
    var open = new ArrayDeque<String>();
    open.push(from);
    while (!open.isEmpty()) {
      String at = open.pop();
      if (at.equals(to)) {
        return true;
      }
      for (String child : node(at).children) {
        if (seen.add(child)) {
          open.push(child);
        }
      }
    }
    return false;
  }

  private Node node(String id) {
    Node node = nodes.get(id);
    if (node == null) {
      throw new IllegalStateException("no such vertex");
    }
    return node;
  }
}
