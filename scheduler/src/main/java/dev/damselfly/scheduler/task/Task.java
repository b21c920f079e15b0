package dev.damselfly.scheduler.task;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.damselfly.api.error.Field;
import dev.damselfly.api.error.Reason;
import dev.damselfly.api.error.RequestFailure.Refused;
import dev.damselfly.api.wire.common.v2.Piece;
import dev.damselfly.scheduler.host.HostLoad;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/// A task with its peers and their graph. One lock guards it all; no method calls out while it is held.
///
/// Methods that name a peer refuse with PEER_UNKNOWN when the task does not have it.
public final class Task {
  static final Duration SEED_FAILURE_MEMORY = Duration.ofMinutes(30);

  private final TaskKey key;
  private final TaskFacts facts;
  private final int backToSourceLimit;
  private final InstantSource clock;
  private final Instant createdAt;

  @GuardedBy("this")
  private final Map<String, Peer> peers = new LinkedHashMap<>();

  @GuardedBy("this")
  private final PeerGraph graph = new PeerGraph();

  @GuardedBy("this")
  private final Set<String> backToSource = new HashSet<>();

  @GuardedBy("this")
  private final Map<Integer, Piece> pieces = new LinkedHashMap<>();

  @GuardedBy("this")
  private TaskSizes sizes;

  @GuardedBy("this")
  private TaskState state = TaskState.PENDING;

  @GuardedBy("this")
  private int failedPeers;

  @GuardedBy("this")
  private Instant updatedAt;

  @GuardedBy("this")
  private boolean closed;

  /// What the seed decision reads.
  ///
  /// @param available some peer on another host has pieces and is not blocked
  /// @param seedFailed the newest seed peer failed a short time ago
  public record Outlook(TaskState state, TaskSizes sizes, boolean available, boolean seedFailed, boolean mayGoToOrigin) {}

  Task(TaskKey key, TaskFacts facts, TaskSizes sizes, int backToSourceLimit, InstantSource clock) {
    this.key = key;
    this.facts = facts;
    this.sizes = sizes;
    this.backToSourceLimit = backToSourceLimit;
    this.clock = clock;
    this.createdAt = clock.instant();
    this.updatedAt = createdAt;
  }

  public TaskKey key() {
    return key;
  }

  public TaskFacts facts() {
    return facts;
  }

  Instant createdAt() {
    return createdAt;
  }

  /// Adds a peer in state Pending, or replaces one whose stream is gone.
  ///
  /// @return absent when the task was removed meanwhile: the caller looks it up again
  synchronized Optional<Boolean> admit(PeerSpec spec, Object stream) {
    if (closed) {
      return Optional.empty();
    }
    Peer known = peers.get(spec.id());
    if (known != null) {
      if (!known.host().owner().equals(spec.host().owner())) {
        throw new Refused(Reason.ID_BOUND_ELSEWHERE, "peer_id: belongs to another identity");
      }
      if (known.stream != null) {
        throw new Refused(Reason.WRONG_STATE, "peer_id: has a live stream");
      }
      drop(known);
    }
    var peer = new Peer(spec, stream, clock.instant());
    peer.block(spec.id());
    peers.put(spec.id(), peer);
    graph.addVertex(spec.id());
    return Optional.of(known == null);
  }

  /// The stream of the peer ended; the peer stays as it is.
  @SuppressWarnings("ReferenceEquality") // a stream is itself and nothing else
  public synchronized void release(String peerId, Object stream) {
    Peer peer = peers.get(peerId);
    if (peer != null && peer.stream == stream) {
      peer.stream = null;
    }
  }

  /// Applies an event.
  ///
  /// @throws Refused WRONG_STATE when the peer's state does not take it
  public synchronized void fire(String peerId, PeerEvent event) {
    if (!apply(require(peerId), event)) {
      throw new Refused(Reason.WRONG_STATE, "the peer is in a state that does not take this message");
    }
  }

  /// Applies an event if the peer is here and its state takes it.
  public synchronized boolean tryFire(String peerId, PeerEvent event) {
    Peer peer = peers.get(peerId);
    return peer != null && apply(peer, event);
  }

  /// Download, or only a sign of life when it runs already (repeated on each round).
  public synchronized void started(String peerId) {
    Peer peer = require(peerId);
    if (peer.state == PeerState.RUNNING) {
      peer.updatedAt = clock.instant();
    } else if (peer.state != PeerState.SUCCEEDED && !apply(peer, PeerEvent.DOWNLOAD)) {
      // Succeeded: an empty task's Finished may come before its Started
      throw new Refused(Reason.WRONG_STATE, "the peer is in a state that does not take this message");
    }
  }

  /// Download unless Running; a running task only gets a newer time.
  public synchronized void begin() {
    updatedAt = clock.instant();
    state = TaskEvent.DOWNLOAD.from(state).orElse(state);
  }

  /// A peer brought everything from the origin.
  public synchronized void succeeded() {
    failedPeers = 0;
    change(TaskEvent.DOWNLOAD_SUCCEEDED);
  }

  /// A peer got nothing from the origin: what was known about the content no longer holds.
  public synchronized void failed() {
    sizes = TaskSizes.UNKNOWN;
    pieces.clear();
    change(TaskEvent.DOWNLOAD_FAILED);
  }

  /// Sizes that a swarm fixed.
  public synchronized void fixSizes(TaskSizes fixed) {
    sizes = fixed;
  }

  public synchronized TaskSizes sizes() {
    return sizes;
  }

  public synchronized TaskState state() {
    return state;
  }

  public synchronized Optional<PeerState> stateOf(String peerId) {
    Peer peer = peers.get(peerId);
    return peer == null ? Optional.empty() : Optional.of(peer.state);
  }

  public synchronized Outlook outlook(String peerId) {
    Peer peer = require(peerId);
    return new Outlook(state, sizes, isAvailableTo(peer), isSeedFailed(), backToSource.size() <= backToSourceLimit);
  }

  public synchronized void needBackToSource(String peerId) {
    require(peerId).needBackToSource = true;
  }

  public synchronized boolean needsBackToSource(String peerId) {
    return require(peerId).needBackToSource;
  }

  public synchronized void block(String peerId, String parentId) {
    require(peerId).block(parentId);
  }

  /// The child gave up on a piece of this parent.
  public synchronized void pieceFailed(String peerId, String parentId) {
    require(peerId).block(parentId);
    Peer parent = peers.get(parentId);
    if (parent != null) {
      parent.host().uploadFailed();
    }
  }

  /// A piece is here.
  ///
  /// @param fromOrigin the piece's place and length are kept for the task
  public synchronized void pieceFinished(String peerId, Piece piece, boolean fromOrigin) {
    Peer peer = require(peerId);
    TaskSizes known = sizes;
    var number = Field.parse("piece.number", () -> known.requirePiece(piece.getNumber(), piece.getOffset(), piece.getLength()));
    Instant now = clock.instant();
    peer.finished.set(number.value());
    peer.costs.add(clamped(piece.getCost()));
    peer.pieceAt = now;
    peer.updatedAt = now;
    updatedAt = now;
    if (fromOrigin) {
      pieces.putIfAbsent(number.value(), piece.toBuilder().clearContent().clearParentId().build());
    }
    Peer parent = piece.hasParentId() ? peers.get(piece.getParentId()) : null;
    if (parent != null) {
      parent.updatedAt = now;
    }
  }

  /// Sign of life of a peer that a live stream vouches for.
  public synchronized void touch(String peerId) {
    Peer peer = peers.get(peerId);
    if (peer != null) {
      peer.updatedAt = clock.instant();
      peer.pieceAt = peer.updatedAt;
    }
  }

  /// Takes the peer out of the graph's in-edges and looks at a random sample of the others.
  public synchronized Prospect.Sample sample(String peerId, int size, RandomGenerator random) {
    Peer child = require(peerId);
    dropInEdges(child);
    var prospects = new ArrayList<Prospect>();
    for (String id : graph.sample(size, random)) {
      Peer peer = peers.get(id);
      if (peer != null) {
        prospects.add(prospect(peer, child));
      }
    }
    return new Prospect.Sample(peerId, child.host().facts(), child.state, prospects);
  }

  /// Makes the named peers parents of the child, as far as the graph still allows it.
  ///
  /// @return the parents that were added, as they go over the wire
  public synchronized List<dev.damselfly.api.wire.common.v2.Peer> adopt(String peerId, List<String> parentIds) {
    Peer child = require(peerId);
    dropInEdges(child);
    var added = new ArrayList<dev.damselfly.api.wire.common.v2.Peer>();
    var cost = new HostLoad.Cost(sizes.pieceLength(), child.spec.slots(), sizes.contentLength());
    for (String id : parentIds) {
      Peer parent = peers.get(id);
      if (parent != null && graph.addEdge(id, peerId, cost)) {
        parent.host().addUpload(cost);
        added.add(TaskMessages.parent(parent, message(false)));
      }
    }
    return added;
  }

  /// The peer no longer takes from anybody.
  public synchronized void detach(String peerId) {
    dropInEdges(require(peerId));
  }

  /// Removes the peer at once.
  synchronized boolean remove(String peerId) {
    Peer peer = peers.get(peerId);
    if (peer == null) {
      return false;
    }
    drop(peer);
    return true;
  }

  /// Marks an empty task as removed: nobody is admitted any more.
  synchronized boolean closeIfEmpty() {
    closed = closed || peers.isEmpty();
    return closed;
  }

  public synchronized int peerCount() {
    return peers.size();
  }

  public synchronized List<String> peerIds() {
    return List.copyOf(peers.keySet());
  }

  public synchronized List<String> parentsOf(String peerId) {
    return graph.has(peerId) ? graph.parents(peerId) : List.of();
  }

  /// Answer of StatTask and the task part of parents.
  public synchronized dev.damselfly.api.wire.common.v2.Task message(boolean withPieces) {
    var message = TaskMessages.task(key, facts, sizes, state).setPeerCount(peers.size());
    message.setCreatedAt(TaskMessages.timestamp(createdAt)).setUpdatedAt(TaskMessages.timestamp(updatedAt));
    return withPieces ? message.addAllPieces(pieces.values()).build() : message.build();
  }

  public synchronized Optional<dev.damselfly.api.wire.common.v2.Peer> peerMessage(String peerId) {
    Peer peer = peers.get(peerId);
    return peer == null ? Optional.empty() : Optional.of(TaskMessages.parent(peer, message(false)));
  }

  /// What garbage collection decides on.
  synchronized List<PeerAge> ages() {
    var ages = new ArrayList<PeerAge>();
    for (Peer p : peers.values()) {
      int degree = graph.degree(p.id());
      ages.add(new PeerAge(p.id(), p.host(), p.state, p.pieceAt, p.updatedAt, p.stream != null, degree));
    }
    return ages;
  }

  @GuardedBy("this")
  private boolean apply(Peer peer, PeerEvent event) {
    Optional<PeerState> next = event.from(peer.state);
    if (next.isEmpty()) {
      return false;
    }
    if (peer.state == PeerState.BACK_TO_SOURCE && event == PeerEvent.DOWNLOAD_FAILED) {
      failedPeers++;
    }
    peer.state = next.get();
    if (event.endsTaking()) {
      dropInEdges(peer);
      backToSource.remove(peer.id());
    }
    Instant now = clock.instant();
    switch (event) {
      case DOWNLOAD_BACK_TO_SOURCE -> backToSource.add(peer.id());
      case DOWNLOAD_SUCCEEDED -> peer.cost = Duration.between(peer.createdAt, now);
      case REGISTER_EMPTY, REGISTER_TINY, REGISTER_SMALL, REGISTER_NORMAL, DOWNLOAD, DOWNLOAD_FAILED, LEAVES -> {}
    }
    if (event != PeerEvent.LEAVES) {
      peer.updatedAt = now;
    }
    return true;
  }

  @GuardedBy("this")
  private void change(TaskEvent event) {
    Optional<TaskState> next = event.from(state);
    if (next.isPresent()) {
      state = next.get();
      updatedAt = clock.instant();
    }
  }

  @GuardedBy("this")
  private boolean isAvailableTo(Peer child) {
    return peers.values().stream()
        .anyMatch(
            p ->
                !p.host().id().equals(child.host().id())
                    && !child.blocked.contains(p.id())
                    && p.state.isAvailable());
  }

  @GuardedBy("this")
  private boolean isSeedFailed() {
    Peer newest = null;
    for (Peer peer : peers.values()) {
      if (peer.host().isSeed() && (newest == null || peer.updatedAt.isAfter(newest.updatedAt))) {
        newest = peer;
      }
    }
    return newest != null
        && newest.state == PeerState.FAILED
        && newest.createdAt.plus(SEED_FAILURE_MEMORY).isAfter(clock.instant());
  }

  @GuardedBy("this")
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

  @GuardedBy("this")
  private void drop(Peer peer) {
    dropInEdges(peer);
    for (String child : graph.children(peer.id())) {
      dropEdge(peer.id(), child);
    }
    graph.removeVertex(peer.id());
    backToSource.remove(peer.id());
    peers.remove(peer.id());
  }

  @GuardedBy("this")
  private void dropInEdges(Peer child) {
    for (String parent : graph.parents(child.id())) {
      dropEdge(parent, child.id());
    }
  }

  @GuardedBy("this")
  private void dropEdge(String parentId, String childId) {
    HostLoad.Cost cost = graph.removeEdge(parentId, childId);
    @Nullable Peer parent = peers.get(parentId);
    if (cost != null && parent != null) {
      parent.host().removeUpload(cost);
    }
  }

  @GuardedBy("this")
  private Peer require(String peerId) {
    Peer peer = peers.get(peerId);
    if (peer == null) {
      throw new Refused(Reason.PEER_UNKNOWN, "the task does not have this peer");
    }
    return peer;
  }

  private static Duration clamped(com.google.protobuf.Duration wire) {
    return Duration.ofSeconds(Math.clamp(wire.getSeconds(), 0, 1L << 30), Math.clamp(wire.getNanos(), 0, 999_999_999));
  }
}
