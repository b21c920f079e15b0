package dev.damselfly.scheduler.swarm;

import dev.damselfly.authz.identity.SpiffeId;
import java.time.Instant;
import java.util.BitSet;

/// Pieces that one member alone reads from the origin. Not thread-safe.
final class Lease {
  private final long id;
  private final String peerId;
  private final SpiffeId identity;
  private final boolean whole;
  private final BitSet pieces;
  private final BitSet open;
  private Instant progressAt;

  Lease(long id, String peerId, SpiffeId identity, boolean whole, BitSet pieces, Instant now) {
    this.id = id;
    this.peerId = peerId;
    this.identity = identity;
    this.whole = whole;
    this.pieces = pieces;
    this.open = (BitSet) pieces.clone();
    this.progressAt = now;
  }

  long id() {
    return id;
  }

  String peerId() {
    return peerId;
  }

  SpiffeId identity() {
    return identity;
  }

  boolean isWhole() {
    return whole;
  }

  /// True for every piece that was ever part of the lease.
  boolean covers(int number) {
    return whole || pieces.get(number);
  }

  /// Pieces still to be read; not to be changed by the caller.
  BitSet open() {
    return open;
  }

  Instant progressAt() {
    return progressAt;
  }

  void done(int number, Instant now) {
    open.clear(number);
    progressAt = now;
  }

  void giveBack(int number) {
    open.clear(number);
  }

  /// Nothing is open any more: whatever is said about the lease later frees no piece.
  void close() {
    open.clear();
  }

  int[] numbers() {
    return pieces.stream().toArray();
  }
}
