package dev.damselfly.fuzz;

import dev.damselfly.scheduler.host.Host;
import dev.damselfly.scheduler.swarm.SwarmConfig;
import dev.damselfly.scheduler.task.PeerState;
import dev.damselfly.scheduler.task.Task;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/// What holds of a [SwarmWorld] whenever nothing is under way.
final class SwarmRules {
  private final SwarmWorld world;
  private final Map<String, PeerState> states = new HashMap<>();

  SwarmRules(SwarmWorld world) {
    this.world = world;
  }

  /// The peer begins anew.
  void forget(String peerId) {
    states.remove(peerId);
  }

  void check() {
    var uploads = new IdentityHashMap<Host, Integer>(); // a host that came back is another one
    for (Task task : world.tasks.all()) {
      tree(task, uploads);
    }
    leases();
    mesh(uploads);
    for (var host : world.hosts.all()) {
      long edges = uploads.getOrDefault(host, 0);
      Script.check(host.load().concurrentUploads() == edges, "the load of a host is not the number of its edges");
      Script.check(edges > 0 || host.load().pieceSlots() == 0 && host.load().txBits() == 0, "load without an edge");
      Script.check(world.tasks.peersOf(host).size() <= SwarmWorld.PER_IDENTITY, "an identity has too many downloads");
    }
  }

  private void tree(Task task, IdentityHashMap<Host, Integer> uploads) {
    List<String> peers = task.peerIds();
    Map<String, Host> hosts = new HashMap<>();
    world.tasks.ages(task).forEach(peer -> hosts.put(peer.id(), peer.host()));
    for (String peer : peers) {
      List<String> parents = task.parentsOf(peer);
      Script.check(parents.size() <= TreeActor.MAX_PARENTS, "too many parents in the tree");
      for (String parent : parents) {
        Host host = hosts.get(parent);
        if (host == null) {
          throw new AssertionError("an edge from a peer that is gone");
        }
        uploads.merge(host, 1, Integer::sum);
      }
      PeerState now = task.stateOf(peer).orElseThrow();
      PeerState before = states.put(peer, now);
      Script.check(before == null || order(before) <= order(now), "a peer went back from " + before + " to " + now);
    }
    var left = new ArrayList<>(peers);
    boolean progress = true;
    while (progress) {
      progress = left.removeIf(peer -> task.parentsOf(peer).stream().noneMatch(left::contains));
    }
    Script.check(left.isEmpty(), "the graph has a cycle");
  }

  /// A download only goes forward, and nothing comes after a failure but the end.
  private static int order(PeerState state) {
    return switch (state) {
      case PENDING -> 0;
      case RECEIVED_EMPTY, RECEIVED_TINY, RECEIVED_SMALL, RECEIVED_NORMAL -> 1;
      case RUNNING -> 2;
      case BACK_TO_SOURCE -> 3;
      case SUCCEEDED -> 4;
      case FAILED -> 5;
      case LEAVE -> 6;
    };
  }

  private void leases() {
    Instant oldest = world.timer.instant().minus(SwarmConfig.Leases.DEFAULT.silence());
    for (int task = 0; task < SwarmWorld.TASKS.size(); task++) {
      Set<Integer> taken = new HashSet<>();
      for (MeshActor actor : world.mesh) {
        if (actor.task != task) {
          continue;
        }
        for (MeshActor.Open lease : actor.leases.values()) {
          lease.pieces.forEach(piece -> Script.check(taken.add(piece), "two members have a lease on one piece"));
          Script.check(!lease.progressAt.isBefore(oldest), "a silent lease was not revoked");
        }
      }
    }
  }

  private void mesh(IdentityHashMap<Host, Integer> uploads) {
    Map<String, MeshActor> live = new HashMap<>();
    world.mesh.stream().filter(actor -> !actor.over).forEach(actor -> live.put(actor.peerId, actor));
    for (MeshActor child : live.values()) {
      for (String id : child.parents) {
        MeshActor parent = live.get(id);
        if (parent == null || parent.task != child.task) {
          throw new AssertionError("a parent that is not there");
        }
        uploads.merge(world.hosts.find(SwarmCast.id(parent.host)).orElseThrow(), 1, Integer::sum);
      }
    }
  }
}
