package dev.damselfly.peer.upload;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.damselfly.authz.identity.SpiffeId;
import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Queue;

/// Who uses how much of the listener: connections and bytes in flight, per identity and in all, and handshakes at once
/// (B-09, B-10, B-12, B-40). Thread-safe. One identity that takes all of its share leaves the others theirs.
final class Shares {
  /// Most sockets whose peer is not known yet.
  static final int MAX_HANDSHAKES = 64;

  private final UploadLimits limits;
  private final Object lock = new Object();

  @GuardedBy("lock")
  private final Map<SpiffeId, Share> shares = new HashMap<>();

  @GuardedBy("lock")
  private final Queue<Runnable> waiting = new ArrayDeque<>();

  @GuardedBy("lock")
  private int connections;

  @GuardedBy("lock")
  private int authenticated;

  @GuardedBy("lock")
  private long bytes;

  Shares(UploadLimits limits) {
    this.limits = limits;
  }

  /// Counts an accepted socket, before anything is known of it.
  boolean enter() {
    synchronized (lock) {
      if (connections >= limits.connections() || connections - authenticated >= MAX_HANDSHAKES) {
        return false;
      }
      connections++;
      return true;
    }
  }

  void leave() {
    synchronized (lock) {
      connections--;
    }
  }

  int connections() {
    synchronized (lock) {
      return connections;
    }
  }

  /// The part of an authenticated connection; absent when its identity has as many as it may. Close it once.
  Optional<Share> join(SpiffeId identity) {
    synchronized (lock) {
      Share share = shares.computeIfAbsent(identity, Share::new);
      return share.join() ? Optional.of(share) : Optional.empty();
    }
  }

  /// What the connections of one identity have together.
  final class Share {
    private final SpiffeId identity;

    @GuardedBy("lock")
    private int connections;

    @GuardedBy("lock")
    private long bytes;

    private Share(SpiffeId identity) {
      this.identity = identity;
    }

    private boolean join() {
      synchronized (lock) {
        if (connections >= limits.connectionsPerIdentity()) {
          return false;
        }
        connections++;
        authenticated++;
        return true;
      }
    }

    /// Takes bytes, or remembers to call back when some were given back.
    boolean take(int count, Runnable later) {
      synchronized (lock) {
        if (bytes + count > limits.bytesPerIdentity() || Shares.this.bytes + count > limits.bytesPerProcess()) {
          waiting.add(later); // at most one per connection: a connection waits for one chunk at a time
          return false;
        }
        bytes += count;
        Shares.this.bytes += count;
        return true;
      }
    }

    void give(int count) {
      List<Runnable> woken;
      synchronized (lock) {
        bytes -= count;
        Shares.this.bytes -= count;
        woken = List.copyOf(waiting);
        waiting.clear();
      }
      woken.forEach(Runnable::run);
    }

    /// The connection is over.
    void close() {
      synchronized (lock) {
        connections--;
        authenticated--;
        if (connections == 0) {
          shares.remove(identity);
        }
      }
    }
  }
}
