package dev.damselfly.scheduler.task;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.damselfly.api.error.Field;
import dev.damselfly.api.error.Reason;
import dev.damselfly.api.error.RequestFailure.Refused;
import dev.damselfly.api.wire.common.v2.Download;
import dev.damselfly.api.wire.common.v2.Piece;
import dev.damselfly.scheduler.host.Host;
import dev.damselfly.scheduler.host.HostLoad;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
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
  private final PeerTable peers = new PeerTable();

  @GuardedBy("this")
  private final Set<String> backToSource = new HashSet<>();

  @GuardedBy("this")
  private final Map<Integer, Piece> pieces = new LinkedHashMap<>();

  @GuardedBy("this")
  private TaskSizes sizes;

  @GuardedBy("this")
  private boolean vouched;

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

  /// A peer is in the task.
  ///
  /// @param replaced host of the peer of that id that was in it before; null when there was none
  record Admitted(@Nullable Host replaced) {}

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

  /// A peer with an identity registers. What peers without one said about the content no longer counts (S-LEG-4).
  ///
  /// @param download of that peer's registration
  synchronized void vouch(Download download) {
    if (!vouched) {
      sizes = TaskSizes.of(download);
      pieces.clear();
      state = TaskState.PENDING;
      vouched = true;
    }
  }

  /// Whether what a peer of this host says about the content is kept for others.
  public synchronized boolean believes(Host host) {
    return !vouched || !host.isLegacy();
  }

  Instant createdAt() {
    return createdAt;
  }

  /// Adds a peer in state Pending, or replaces one whose stream is gone.
  ///
  /// @return absent when the task was removed meanwhile: the caller looks it up again
  synchronized Optional<Admitted> admit(PeerSpec spec, Object stream) {
    if (closed) {
      return Optional.empty();
    }
    Peer known = peers.find(spec.id());
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
    peers.add(peer);
    return Optional.of(new Admitted(known == null ? null : known.host()));
  }

  /// The stream of the peer ended; the peer stays as it is.
  @SuppressWarnings("ReferenceEquality") // a stream is itself and nothing else
  public synchronized void release(String peerId, Object stream) {
    Peer peer = peers.find(peerId);
    if (peer != null && peer.stream == stream) {
      peer.stream = null;
    }
  }

  /// Applies an event.
  ///
  /// @throws Refused WRONG_STATE when the peer's state does not take it
  public synchronized void fire(String peerId, PeerEvent event) {
    if (!apply(peers.require(peerId), event)) {
      throw new Refused(Reason.WRONG_STATE, "the peer is in a state that does not take this message");
    }
  }

  /// Applies an event if the peer is here and its state takes it.
  public synchronized boolean tryFire(String peerId, PeerEvent event) {
    Peer peer = peers.find(peerId);
    return peer != null && apply(peer, event);
  }

  /// Download, or only a sign of life when it runs already (repeated on each round).
  public synchronized void started(String peerId) {
    Peer peer = peers.require(peerId);
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
    Peer peer = peers.find(peerId);
    return peer == null ? Optional.empty() : Optional.of(peer.state);
  }

  public synchronized Outlook outlook(String peerId) {
    Peer peer = peers.require(peerId);
    return new Outlook(state, sizes, peers.isAvailableTo(peer), isSeedFailed(), backToSource.size() <= backToSourceLimit);
  }

  public synchronized void needBackToSource(String peerId) {
    peers.require(peerId).needBackToSource = true;
  }

  public synchronized boolean needsBackToSource(String peerId) {
    return peers.require(peerId).needBackToSource;
  }

  public synchronized void block(String peerId, String parentId) {
    peers.require(peerId).block(parentId);
  }

  /// Hosts without an identity that say they have everything; none while the mesh has it.
  ///
  /// @param onlyWithoutMesh none either while the mesh is at work on it
  public synchronized List<Host> legacyHolders(boolean onlyWithoutMesh) {
    return peers.meshHas(!onlyWithoutMesh) ? List.of() : peers.legacyHolders();
  }

  /// The child gave up on a piece of this parent.
  public synchronized void pieceFailed(String peerId, String parentId) {
    peers.require(peerId).block(parentId);
    Peer parent = peers.find(parentId);
    if (parent != null) {
      parent.host().uploadFailed();
    }
  }

  /// A piece is here.
  ///
  /// @param fromOrigin the piece's place and length are kept for the task
  public synchronized void pieceFinished(String peerId, Piece piece, boolean fromOrigin) {
    Peer peer = peers.require(peerId);
    TaskSizes known = sizes;
    var number = Field.parse("piece.number", () -> known.requirePiece(piece.getNumber(), piece.getOffset(), piece.getLength()));
    Instant now = clock.instant();
    peer.finished.set(number.value());
    peer.costs.add(clamped(piece.getCost()));
    peer.pieceAt = now;
    peer.updatedAt = now;
    updatedAt = now;
    if (fromOrigin && believes(peer.host())) {
      pieces.putIfAbsent(number.value(), piece.toBuilder().clearContent().clearParentId().build());
    }
    Peer parent = piece.hasParentId() ? peers.find(piece.getParentId()) : null;
    if (parent != null) {
      parent.updatedAt = now;
    }
  }

  /// Sign of life of a peer that a live stream vouches for.
  public synchronized void touch(String peerId) {
    Peer peer = peers.find(peerId);
    if (peer != null) {
      peer.updatedAt = clock.instant();
      peer.pieceAt = peer.updatedAt;
    }
  }

  /// Takes the peer out of the graph's in-edges and looks at a random sample of the others.
  public synchronized Prospect.Sample sample(String peerId, int size, RandomGenerator random) {
    Peer child = peers.require(peerId);
    peers.dropInEdges(child);
    return new Prospect.Sample(peerId, child.host().facts(), child.state, peers.sample(child, size, random));
  }

  /// Makes the named peers parents of the child, as far as the graph still allows it.
  ///
  /// @return the parents that were added, as they go over the wire
  public synchronized List<dev.damselfly.api.wire.common.v2.Peer> adopt(String peerId, List<String> parentIds) {
    Peer child = peers.require(peerId);
    var cost = new HostLoad.Cost(sizes.pieceLength(), child.spec.slots(), sizes.contentLength());
    boolean legacy = child.host().isLegacy();
    return peers.adopt(child, parentIds, cost).stream()
        .map(
            parent ->
                legacy ? TaskMessages.legacyParent(parent, message(false)) : TaskMessages.parent(parent, message(false)))
        .toList();
  }

  /// The peer no longer takes from anybody.
  public synchronized void detach(String peerId) {
    peers.dropInEdges(peers.require(peerId));
  }

  /// Removes the peer at once.
  synchronized boolean remove(String peerId) {
    Peer peer = peers.find(peerId);
    if (peer == null) {
      return false;
    }
    drop(peer);
    return true;
  }

  /// Marks an empty task as removed: nobody is admitted any more.
  synchronized boolean closeIfEmpty() {
    closed = closed || peers.size() == 0;
    return closed;
  }

  public synchronized int peerCount() {
    return peers.size();
  }

  public synchronized List<String> peerIds() {
    return List.copyOf(peers.ids());
  }

  public synchronized List<String> parentsOf(String peerId) {
    return peers.parentsOf(peerId);
  }

  /// Answer of StatTask and the task part of parents.
  public synchronized dev.damselfly.api.wire.common.v2.Task message(boolean withPieces) {
    var message = TaskMessages.task(key, facts, sizes, state).setPeerCount(peers.size());
    message.setCreatedAt(TaskMessages.timestamp(createdAt)).setUpdatedAt(TaskMessages.timestamp(updatedAt));
    return withPieces ? message.addAllPieces(pieces.values()).build() : message.build();
  }

  public synchronized Optional<dev.damselfly.api.wire.common.v2.Peer> peerMessage(String peerId) {
    Peer peer = peers.find(peerId);
    return peer == null ? Optional.empty() : Optional.of(TaskMessages.parent(peer, message(false)));
  }

  /// What garbage collection decides on.
  synchronized List<PeerAge> ages() {
    return peers.ages();
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
      peers.dropInEdges(peer);
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
  private boolean isSeedFailed() {
    return peers
        .newestSeed()
        .filter(seed -> seed.state == PeerState.FAILED && seed.createdAt.plus(SEED_FAILURE_MEMORY).isAfter(clock.instant()))
        .isPresent();
  }

  @GuardedBy("this")
  private void drop(Peer peer) {
    peers.remove(peer);
    backToSource.remove(peer.id());
  }

  private static Duration clamped(com.google.protobuf.Duration wire) {
    return Duration.ofSeconds(Math.clamp(wire.getSeconds(), 0, 1L << 30), Math.clamp(wire.getNanos(), 0, 999_999_999));
  }
}
