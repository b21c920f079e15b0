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
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/// All tasks, and which peers each host and identity has. Thread-safe.
///
/// Lock order: this table's lock is never held while a task's lock is taken.
public final class Tasks {
  private final Limits limits;
  private final TupleRule rule;
  private final InstantSource clock;
  private final Map<TaskKey, Task> tasks = new ConcurrentHashMap<>();
  private final AtomicInteger taskCount = new AtomicInteger();

  /// By host id: what holds the place of a peer, the peer itself and each registration of it that is under way.
  @GuardedBy("peers")
  private final Map<String, Map<PeerKey, Integer>> peers = new HashMap<>();

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
    count(peer, spec.host());
    @Nullable Host replaced = spec.host(); // unless it is admitted, the registration gives back its own hold
    try {
      while (true) {
        Task task = open(key, download, fingerprint, spec.host().isLegacy());
        if (!spec.host().isLegacy()) {
          task.vouch(download);
        }
        Optional<Task.Admitted> admitted = task.admit(spec, stream);
        if (admitted.isPresent()) {
          replaced = admitted.get().replaced();
          return task;
        }
        drop(task);
      }
    } finally {
      if (replaced != null) {
        uncount(peer, replaced);
      }
    }
  }

  /// @param legacy for a host without an identity: those never take more than half of the places
  private Task open(TaskKey key, Download download, Sha256 fingerprint, boolean legacy) {
    Task known = tasks.get(key);
    if (known == null) {
      var facts = TaskFacts.of(download, fingerprint);
      var sizes = TaskSizes.of(download);
      int most = legacy ? limits.tasks() / 2 : limits.tasks();
      known =
          tasks.computeIfAbsent(
              key, k -> takePlace(most) ? new Task(k, facts, sizes, limits.backToSource(), clock) : null);
    }
    if (known == null) {
      throw new Refused(Reason.LIMIT_EXCEEDED, "the scheduler knows as many tasks as it may");
    }
    if (!known.facts().fingerprint().equals(fingerprint)) {
      throw new Refused(Reason.ID_BOUND_ELSEWHERE, "task_id: stands for another resource");
    }
    return known;
  }

  private boolean takePlace(int most) {
    return taskCount.getAndUpdate(n -> n < most ? n + 1 : n) < most;
  }

  private boolean drop(Task task) {
    boolean gone = tasks.remove(task.key(), task);
    if (gone) {
      taskCount.decrementAndGet();
    }
    return gone;
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
    return task.closeIfEmpty() && drop(task);
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
      return List.copyOf(peers.getOrDefault(host.id(), Map.of()).keySet());
    }
  }

  public List<PeerAge> ages(Task task) {
    return task.ages();
  }

  /// Takes a place for the peer, or one more hold on the place that it has.
  private void count(PeerKey peer, Host host) {
    synchronized (peers) {
      Map<PeerKey, Integer> own = peers.get(host.id());
      if (own != null && own.computeIfPresent(peer, (_, holds) -> holds + 1) != null) {
        return;
      }
      boolean full = peerCount >= limits.peers() || host.isLegacy() && legacyPeers >= limits.peers() / 2;
      if (full || byOwner.getOrDefault(host.owner(), 0) >= limits.peersPerIdentity()) {
        throw new Refused(Reason.LIMIT_EXCEEDED, "this identity has as many downloads as it may");
      }
      peers.computeIfAbsent(host.id(), _ -> new HashMap<>()).put(peer, 1);
      byOwner.merge(host.owner(), 1, Integer::sum);
      peerCount++;
      legacyPeers += host.isLegacy() ? 1 : 0;
    }
  }

  /// Gives a hold back; the place is free after the last one.
  private void uncount(PeerKey peer, Host host) {
    synchronized (peers) {
      Map<PeerKey, Integer> own = peers.get(host.id());
      if (own == null || !own.containsKey(peer) || own.computeIfPresent(peer, (_, holds) -> holds > 1 ? holds - 1 : null) != null) {
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
