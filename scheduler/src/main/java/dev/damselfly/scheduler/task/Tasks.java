package dev.damselfly.scheduler.task;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.damselfly.api.error.Reason;
import dev.damselfly.api.error.RequestFailure.Refused;
import dev.damselfly.api.id.Sha256;
import dev.damselfly.api.wire.common.v2.Download;
import dev.damselfly.authz.identity.SpiffeId;
import dev.damselfly.scheduler.host.Host;
import java.time.InstantSource;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/// All tasks, and which peers each host and identity has. Thread-safe.
///
/// Lock order: this table's lock is never held while a task's lock is taken.
public final class Tasks {
  private final Limits limits;
  private final TupleRule rule;
  private final InstantSource clock;
  private final Map<TaskKey, Task> tasks = new ConcurrentHashMap<>();

  @GuardedBy("peers")
  private final Map<String, Set<PeerKey>> peers = new HashMap<>(); // by host id

  @GuardedBy("peers")
  private final Map<SpiffeId, Integer> byOwner = new HashMap<>();

  @GuardedBy("peers")
  private int peerCount;

  @GuardedBy("peers")
  private int legacyPeers;

  /// Caps of B-21 and S-SCH-6.
  ///
  /// @param peersPerIdentity downloads of one identity at once
  /// @param backToSource peers of a task that may be told to go to the origin
  public record Limits(int tasks, int peers, int peersPerIdentity, int backToSource) {}

  public Tasks(Limits limits, TupleRule rule, InstantSource clock) {
    this.limits = limits;
    this.rule = rule;
    this.clock = clock;
  }

  /// Registers a peer, creating its task if need be. The first registration fixes what the id stands for.
  ///
  /// @param stream whatever stands for the peer's live stream
  public Task admit(TaskKey key, Download download, PeerSpec spec, Object stream) {
    Sha256 fingerprint = rule.fingerprint(key.id(), download);
    var peer = new PeerKey(key, spec.id());
    boolean counted = count(peer, spec.host());
    boolean admitted = false;
    try {
      while (true) {
        Task task = open(key, download, fingerprint, spec.host().isLegacy());
        if (!spec.host().isLegacy()) {
          task.vouch(download);
        }
        if (task.admit(spec, stream).isPresent()) {
          admitted = true;
          return task;
        }
        tasks.remove(key, task);
      }
    } finally {
      if (counted && !admitted) {
        uncount(peer, spec.host());
      }
    }
  }

  /// @param legacy for a host without an identity: those never take more than half of the places
  private Task open(TaskKey key, Download download, Sha256 fingerprint, boolean legacy) {
    Task known = tasks.get(key);
    if (known == null) {
      if (tasks.size() >= (legacy ? limits.tasks() / 2 : limits.tasks())) {
        throw new Refused(Reason.LIMIT_EXCEEDED, "the scheduler knows as many tasks as it may");
      }
      var facts = TaskFacts.of(download, fingerprint);
      var sizes = TaskSizes.of(download);
      known = tasks.computeIfAbsent(key, k -> new Task(k, facts, sizes, limits.backToSource(), clock));
    }
    if (!known.facts().fingerprint().equals(fingerprint)) {
      throw new Refused(Reason.ID_BOUND_ELSEWHERE, "task_id: stands for another resource");
    }
    return known;
  }

  public Optional<Task> find(TaskKey key) {
    return Optional.ofNullable(tasks.get(key));
  }

  public List<Task> all() {
    return List.copyOf(tasks.values());
  }

  /// Removes a peer at once; unknown peers are no error.
  public void remove(Task task, String peerId, Host host) {
    if (task.remove(peerId)) {
      uncount(new PeerKey(task.key(), peerId), host);
    }
  }

  /// Removes a task without peers.
  public boolean removeIfEmpty(Task task) {
    return task.closeIfEmpty() && tasks.remove(task.key(), task);
  }

  /// Every peer of the host leaves.
  public void leave(Host host) {
    for (PeerKey peer : peersOf(host)) {
      Task task = tasks.get(peer.task());
      if (task != null) {
        task.tryFire(peer.peerId(), PeerEvent.LEAVES);
      }
    }
  }

  public List<PeerKey> peersOf(Host host) {
    synchronized (peers) {
      return List.copyOf(peers.getOrDefault(host.id(), Set.of()));
    }
  }

  public List<PeerAge> ages(Task task) {
    return task.ages();
  }

  private boolean count(PeerKey peer, Host host) {
    synchronized (peers) {
      Set<PeerKey> own = peers.getOrDefault(host.id(), Set.of());
      if (own.contains(peer)) {
        return false;
      }
      boolean full = peerCount >= limits.peers() || host.isLegacy() && legacyPeers >= limits.peers() / 2;
      if (full || byOwner.getOrDefault(host.owner(), 0) >= limits.peersPerIdentity()) {
        throw new Refused(Reason.LIMIT_EXCEEDED, "this identity has as many downloads as it may");
      }
      peers.computeIfAbsent(host.id(), _ -> new HashSet<>()).add(peer);
      byOwner.merge(host.owner(), 1, Integer::sum);
      peerCount++;
      legacyPeers += host.isLegacy() ? 1 : 0;
      return true;
    }
  }

  private void uncount(PeerKey peer, Host host) {
    synchronized (peers) {
      Set<PeerKey> own = peers.get(host.id());
      if (own == null || !own.remove(peer)) {
        return;
      }
      if (own.isEmpty()) {
        peers.remove(host.id());
      }
      byOwner.computeIfPresent(host.owner(), (_, n) -> n > 1 ? n - 1 : null);
      peerCount--;
      legacyPeers -= host.isLegacy() ? 1 : 0;
    }
  }
}
