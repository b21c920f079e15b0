package dev.damselfly.peer.download;

import dev.damselfly.api.id.PieceNumber;
import dev.damselfly.api.wire.damselfly.v1.LeaseReturned;
import dev.damselfly.peer.swarm.SwarmEvent;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.Deque;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;

/// What a session reads from the origin: leased runs that wait, runs that are read, and how much more it asks for.
/// Confined to the session's thread.
final class OriginLeases {
  private final int readers;
  private final int target;
  private final Deque<OriginRun> waiting = new ArrayDeque<>();
  private final Set<OriginRun> reading = new LinkedHashSet<>();
  private int asked;
  private int askedFrom;
  private int askedTo;

  /// @param readers runs read at once
  /// @param target pieces leased at a time
  OriginLeases(int readers, int target) {
    this.readers = readers;
    this.target = target;
  }

  /// Queues a lease.
  ///
  /// @return pieces of it that are not to be fetched: held or on their way
  List<PieceNumber> granted(SwarmEvent.Leased lease, Pieces pieces) {
    if (lease.whole()) {
      asked = 0;
      waiting.add(new OriginRun(lease.leaseId(), 0, 0, true));
      return List.of();
    }
    asked = Math.max(0, asked - lease.numbers().size());
    var wanted = new BitSet();
    var unwanted = new ArrayList<PieceNumber>();
    for (PieceNumber number : lease.numbers()) {
      boolean inside = pieces.layout().filter(layout -> number.value() < layout.count()).isPresent();
      if (inside && !pieces.holds(number.value())) {
        wanted.set(number.value());
      } else {
        unwanted.add(number);
      }
    }
    add(lease.leaseId(), wanted, pieces);
    return unwanted;
  }

  /// Pieces to read without a lease, because there is no scheduler.
  void alone(BitSet numbers, Pieces pieces) {
    add(0, numbers, pieces);
  }

  void aloneWhole() {
    waiting.add(new OriginRun(0, 0, 0, true));
  }

  private void add(long leaseId, BitSet numbers, Pieces pieces) {
    numbers.stream().forEach(pieces::started);
    int free = Math.max(1, readers - reading.size() - waiting.size());
    waiting.addAll(OriginRuns.of(leaseId, numbers, free));
  }

  /// Starts as many waiting runs as there are free readers.
  void start(Consumer<OriginRun> reader) {
    while (reading.size() < readers && !waiting.isEmpty()) {
      OriginRun run = waiting.remove();
      reading.add(run);
      reader.accept(run);
    }
  }

  /// How many pieces to ask for in all, or 0 for no new demand: a new one goes out when half of the target is free.
  ///
  /// @param missing wanted pieces that nobody fetches; bounds the demand
  int demand(int missing) {
    int leased = 0;
    for (OriginRun run : reading) {
      leased += run.whole ? target : run.pieces() - run.delivered.cardinality();
    }
    for (OriginRun run : waiting) {
      leased += run.whole ? target : run.pieces();
    }
    int wanted = Math.min(missing, target - leased);
    if (wanted <= asked || (asked > 0 && wanted - asked < target / 2)) {
      return 0;
    }
    asked = wanted;
    return wanted;
  }

  /// How many pieces to ask for of a stretch of missing ones, or 0 for no new demand. A stretch outside the one that was
  /// asked for last is a new demand.
  int demand(int first, int end) {
    if (first < askedFrom || end > askedTo) {
      asked = 0;
      askedFrom = first;
      askedTo = end;
    }
    return demand(end - first);
  }

  /// The scheduler forgets demands with the membership and with a revoked lease.
  void forgetDemand() {
    asked = 0;
    askedFrom = 0;
    askedTo = 0;
  }

  /// The lease is over: nothing more is read under it.
  void revoked(long leaseId, Pieces pieces) {
    forgetDemand();
    drop(run -> run.leaseId == leaseId, pieces);
    reading.stream().filter(run -> run.leaseId == leaseId).forEach(OriginRun::cancel);
  }

  /// Runs that did not begin are dropped; those that are read go on.
  void dropWaiting(Pieces pieces) {
    drop(_ -> true, pieces);
  }

  void cancelAll(Pieces pieces) {
    dropWaiting(pieces);
    reading.forEach(OriginRun::cancel);
  }

  private void drop(java.util.function.Predicate<OriginRun> which, Pieces pieces) {
    waiting.removeIf(
        run -> {
          boolean drop = which.test(run);
          if (drop && !run.whole) {
            run.undelivered().forEach(number -> pieces.stopped(number.value()));
          }
          return drop;
        });
  }

  /// The run is over.
  ///
  /// @return pieces that it did not deliver
  List<PieceNumber> ended(OriginRun run, Pieces pieces) {
    reading.remove(run);
    List<PieceNumber> left = run.undelivered();
    left.forEach(number -> pieces.stopped(number.value()));
    return left;
  }

  boolean isIdle() {
    return reading.isEmpty() && waiting.isEmpty();
  }

  boolean isReading() {
    return !reading.isEmpty();
  }

  static LeaseReturned.Reason reasonOf(dev.damselfly.api.error.RequestFailure failure) {
    return failure.reason() == dev.damselfly.api.error.Reason.ORIGIN_CHANGED
        ? LeaseReturned.Reason.ORIGIN_CHANGED
        : LeaseReturned.Reason.ORIGIN_FAILED;
  }
}
