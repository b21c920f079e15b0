package dev.damselfly.scheduler.task;

import dev.damselfly.scheduler.host.Host;
import java.time.Duration;
import java.time.Instant;
import java.util.BitSet;
import java.util.HashSet;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// One download of a task on a host. Not thread-safe: the task's lock guards every field.
final class Peer {
  static final int MAX_BLOCKED = 1000;

  final PeerSpec spec;
  final Instant createdAt;
  final Set<String> blocked = new HashSet<>();
  final BitSet finished = new BitSet();
  final PieceCosts costs = new PieceCosts();
  PeerState state = PeerState.PENDING;
  boolean needBackToSource;
  Duration cost = Duration.ZERO;
  Instant updatedAt;
  Instant pieceAt;
  @Nullable Object stream;

  Peer(PeerSpec spec, Object stream, Instant now) {
    this.spec = spec;
    this.stream = stream;
    this.createdAt = now;
    this.updatedAt = now;
    this.pieceAt = now;
  }

  String id() {
    return spec.id();
  }

  Host host() {
    return spec.host();
  }

  /// Full lists forget nothing: a child that blocks a thousand parents gets no new ones.
  void block(String parentId) {
    if (blocked.size() < MAX_BLOCKED) {
      blocked.add(parentId);
    }
  }
}
