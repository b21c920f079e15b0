package dev.damselfly.peer.download;

import dev.damselfly.api.error.Reason;
import dev.damselfly.api.error.RequestFailure;
import dev.damselfly.api.error.RequestFailure.OriginRefused;
import dev.damselfly.api.error.RequestFailure.Refused;
import dev.damselfly.api.id.PieceLayout;
import dev.damselfly.api.id.PieceNumber;
import dev.damselfly.api.wire.damselfly.v1.LeaseReturned;
import dev.damselfly.api.wire.damselfly.v1.ParentLost;
import dev.damselfly.peer.content.ContentFacts;
import dev.damselfly.peer.content.PieceRecord;
import dev.damselfly.peer.download.PieceChooser.ParentView;
import dev.damselfly.peer.download.Parents.Parent;
import dev.damselfly.peer.origin.OriginRequest;
import dev.damselfly.peer.store.Claim;
import dev.damselfly.peer.store.IncomingPiece;
import dev.damselfly.peer.store.StoredTask;
import dev.damselfly.peer.store.VerifiedPiece;
import dev.damselfly.peer.swarm.SwarmEvent;
import dev.damselfly.peer.transfer.ParentLink;
import dev.damselfly.peer.transfer.ParentRef;
import java.io.UncheckedIOException;
import java.util.BitSet;
import java.util.List;
import java.util.Optional;
import java.util.random.RandomGenerator;

/// Steps 5 to 7: pieces from parents and from the origin, each committed once. Confined to the session's thread.
final class PieceFlow {
  /// Reads in a row that an origin may break off before the download fails.
  private static final int MAX_TROUBLES = 3;

  /// From this status on an answer is a no; below, the origin had begun to send, or had not answered at all.
  private static final int FIRST_NO = 300;

  private final StoredTask task;
  private final SwarmSide swarm;
  private final Parents parents;
  private final OriginLeases leases;
  private final OriginFetcher fetcher;
  private final DownloadConfig config;
  private final RandomGenerator random;
  private final Owner owner;
  private Pieces pieces;
  private int troubles;

  /// Whom the flow tells.
  interface Owner {
    /// The piece is committed.
    void committed(PieceRecord piece);

    /// The facts of the content grew.
    void learned(ContentFacts facts);

    /// The download cannot go on.
    void broken(RequestFailure failure);
  }

  PieceFlow(
      Pieces pieces, StoredTask task, SwarmSide swarm, Parents parents, OriginFetcher fetcher, DownloadConfig config, RandomGenerator random, Owner owner) {
    this.pieces = pieces;
    this.task = task;
    this.swarm = swarm;
    this.parents = parents;
    this.fetcher = fetcher;
    this.config = config;
    this.random = random;
    this.owner = owner;
    this.leases = new OriginLeases(config.originFetches(), config.leasePieces());
  }

  void replace(Pieces fresh) {
    pieces = fresh;
  }

  /// Asks parents for what they hold, reads what is leased, and wants more leases while there is room.
  ///
  /// @param origin absent when the origin must not be used
  /// @param alone there is no scheduler to give leases
  void advance(Optional<OriginRequest> origin, boolean alone) {
    askParents();
    if (origin.isEmpty() || pieces.facts().isEmpty()) {
      return;
    }
    ContentFacts facts = pieces.facts().get();
    if (alone) {
      takeAlone(facts);
    } else if (swarm.isRegistered()) {
      demand(facts);
    }
    leases.start(run -> fetcher.start(run, origin.get(), facts));
  }

  private void demand(ContentFacts facts) {
    if (!divisible(facts) || pieces.wantsAll()) {
      int demand = leases.demand(divisible(facts) ? pieces.missing().cardinality() : 1);
      if (demand > 0) {
        swarm.member().ifPresent(member -> member.wantLease(demand));
      }
      return;
    }
    BitSet missing = pieces.missing(); // parts are wanted: one stretch after the other, so that nothing else is leased
    int first = missing.nextSetBit(0);
    if (first >= 0) {
      int end = missing.nextClearBit(first);
      int demand = leases.demand(first, end);
      if (demand > 0) {
        swarm.member().ifPresent(member -> member.wantLease(demand, first, end));
      }
    }
  }

  private static boolean divisible(ContentFacts facts) {
    return facts.ranges() && facts.contentLength().isPresent();
  }

  private void takeAlone(ContentFacts facts) {
    if (!leases.isIdle()) {
      return;
    }
    if (!divisible(facts)) {
      leases.aloneWhole();
      return;
    }
    var next = new BitSet();
    pieces.missing().stream().limit(config.leasePieces()).forEach(next::set);
    leases.alone(next, pieces);
  }

  private void askParents() {
    List<Parent> ready = parents.ready();
    BitSet askable = pieces.askable();
    if (ready.isEmpty()) {
      return;
    }
    List<ParentView> views = ready.stream().map(Parent::view).toList();
    for (PieceChooser.Pick pick : PieceChooser.choose(askable, views, pieceLength(), random)) {
      ask(ready.get(pick.parent()), pick.piece());
    }
  }

  private void ask(Parent parent, int number) {
    var attestation = pieces.attestation(number);
    if (attestation.isEmpty()) {
      return;
    }
    switch (task.claim(new PieceNumber(number))) {
      case Claim.Mine mine -> {
        pieces.started(number);
        parent.asked.put(number, mine.piece());
        parent.link().request(attestation.get(), mine.piece());
      }
      case Claim.Held held -> owner.committed(held.piece());
      case Claim.Busy _ -> {} // a run that was cancelled still holds it; its end is an event
    }
  }

  /// At the end, when everything is on its way: takes a piece away from a parent that keeps it much longer than an
  /// idle one would take. Asking the other one comes next, when the request is given up.
  ///
  /// @return true when it makes sense to look again soon
  boolean hurryLast() {
    List<Parent> ready = parents.ready();
    if (ready.size() < 2 || ready.stream().allMatch(parent -> parent.asked.isEmpty())) {
      return false;
    }
    if (pieces.missing().isEmpty()) {
      PieceChooser.late(
              ready.stream().map(Parent::view).toList(), ready.stream().map(Parent::outstanding).toList(), pieceLength())
          .ifPresent(pick -> ready.get(pick.parent()).link().withdraw(new PieceNumber(pick.piece())));
    }
    return true;
  }

  private long pieceLength() {
    return pieces.facts().map(ContentFacts::pieceLength).orElse(PieceLayout.MIN_PIECE);
  }

  void parentNamed(ParentRef parent) {
    parents.named(parent);
  }

  void parentRemoved(String peerId) {
    parents.removed(peerId);
  }

  void ready(ParentLink link) {
    parents.of(link).ifPresent(parent -> parent.ready = true);
  }

  void have(ParentLink link, List<PieceNumber> numbers) {
    parents.of(link).ifPresent(parent -> Parents.have(parent, numbers));
  }

  void received(ParentLink link, VerifiedPiece piece) {
    int number = piece.record().number().value();
    IncomingPiece sink = parents.of(link).map(parent -> parent.asked.remove(number)).orElse(null);
    pieces.stopped(number);
    parents.of(link).ifPresent(Parents::leaveIfIdle);
    if (sink == null) {
      return;
    }
    try (sink) {
      boolean attested =
          pieces.attestation(number).filter(now -> now.sha256().equals(piece.record().sha256())).isPresent();
      if (attested) { // it may have been withdrawn while the piece was on its way
        commit(piece);
      }
    }
  }

  void failed(ParentLink link, PieceNumber number, ParentLink.Failure failure) {
    Optional<Parent> parent = parents.of(link);
    IncomingPiece sink = parent.map(p -> p.asked.remove(number.value())).orElse(null);
    pieces.stopped(number.value());
    parent.ifPresent(Parents::leaveIfIdle);
    if (sink != null) {
      reportMismatch(parent.get(), sink, failure);
      sink.close();
    }
    switch (failure) {
      case NOT_FOUND -> parent.ifPresent(p -> p.have.clear(number.value()));
      case LOCAL_DISK -> owner.broken(diskFailed());
      case WITHDRAWN -> {} // another parent is asked for it
      case WRONG_BYTES, PROTOCOL_BROKEN, STALLED, REFUSED, UNREACHABLE, CLOSED -> {} // the end of the link follows
    }
  }

  private void reportMismatch(Parent parent, IncomingPiece sink, ParentLink.Failure failure) {
    if (failure == ParentLink.Failure.WRONG_BYTES) {
      sink.rejected()
          .ifPresent(
              actual ->
                  swarm.member().ifPresent(member -> member.mismatch(parent.ref.peerId(), sink.number(), actual)));
    }
  }

  void closed(ParentLink link, ParentLink.Failure failure) {
    parents
        .of(link)
        .ifPresent(
            parent -> {
              parent.asked.forEach(
                  (number, sink) -> {
                    pieces.stopped(number);
                    sink.close();
                  });
              parent.asked.clear();
              if (!parent.leaving) {
                swarm.member().ifPresent(member -> member.parentLost(parent.ref.peerId(), reason(failure)));
              }
            });
    parents.closed(link);
  }

  private static ParentLost.Reason reason(ParentLink.Failure failure) {
    return switch (failure) {
      case WRONG_BYTES -> ParentLost.Reason.WRONG_BYTES;
      case PROTOCOL_BROKEN -> ParentLost.Reason.PROTOCOL_BROKEN;
      case STALLED -> ParentLost.Reason.STALLED;
      case REFUSED -> ParentLost.Reason.REFUSED;
      case UNREACHABLE, NOT_FOUND, LOCAL_DISK, WITHDRAWN, CLOSED -> ParentLost.Reason.UNREACHABLE;
    };
  }

  /// Takes a lease; what is not needed of it goes back at once.
  void leased(SwarmEvent.Leased lease) {
    List<PieceNumber> unwanted = leases.granted(lease, pieces);
    if (!unwanted.isEmpty()) {
      giveBack(lease.leaseId(), unwanted, LeaseReturned.Reason.NOT_NEEDED);
    }
  }

  void refuse(SwarmEvent.Leased lease) {
    giveBack(lease.leaseId(), lease.numbers(), LeaseReturned.Reason.NOT_NEEDED);
  }

  void revoked(long leaseId) {
    leases.revoked(leaseId, pieces);
  }

  /// The scheduler is gone, and with it what it had leased.
  void schedulerLost() {
    leases.forgetDemand();
    leases.dropWaiting(pieces);
  }

  /// Reads what began without a lease go on; nothing more begins so.
  void schedulerFound() {
    leases.dropWaiting(pieces);
  }

  void fetched(OriginRun run, IncomingPiece sink, VerifiedPiece piece) {
    try (sink) {
      int number = piece.record().number().value();
      run.delivered.set(number);
      pieces.stopped(number);
      troubles = 0;
      commit(piece);
    }
  }

  void lengthKnown(OriginRun run, long length) {
    ContentFacts facts = pieces.facts().orElseThrow(() -> new IllegalStateException("the origin was read without facts"));
    if (facts.contentLength().isPresent() && facts.contentLength().getAsLong() != length) {
      owner.broken(new Refused(Reason.ORIGIN_CHANGED, "origin: the content has another length now"));
      return;
    }
    owner.learned(facts.withLength(length));
  }

  void ended(OriginRun run) {
    List<PieceNumber> left = leases.ended(run, pieces);
    if (!left.isEmpty() && !run.cancelled()) {
      giveBack(run.leaseId, left, LeaseReturned.Reason.NOT_NEEDED);
    }
  }

  void failed(OriginRun run, RequestFailure failure) {
    List<PieceNumber> left = leases.ended(run, pieces);
    if (!left.isEmpty() || run.whole) {
      giveBack(run.leaseId, left, OriginLeases.reasonOf(failure));
    }
    boolean brokeOff = failure instanceof OriginRefused refused && refused.status() < FIRST_NO;
    if (!brokeOff || ++troubles >= MAX_TROUBLES) {
      owner.broken(failure);
    }
  }

  private void giveBack(long leaseId, List<PieceNumber> numbers, LeaseReturned.Reason reason) {
    if (leaseId != 0) {
      swarm.member().ifPresent(member -> member.returnLease(leaseId, numbers, reason));
    }
  }

  private void commit(VerifiedPiece piece) {
    try {
      task.commit(piece);
      pieces.hold(piece.record());
      owner.committed(piece.record());
    } catch (UncheckedIOException e) {
      owner.broken(diskFailed());
    } catch (Refused refused) {
      if (refused.reason() != Reason.WRONG_STATE) { // content that was dropped meanwhile takes no pieces
        owner.broken(refused);
      }
    }
  }

  static Refused diskFailed() {
    return new Refused(Reason.NO_SPACE, "daemon: the store could not write; see its log and its disk");
  }

  void stop() {
    parents.leaveAll();
    leases.cancelAll(pieces);
    leases.forgetDemand();
  }

  /// Nothing more is read from the origin; parents stay, for what is wanted next.
  void pause() {
    leases.cancelAll(pieces);
    leases.forgetDemand();
  }

  boolean isQuiet() {
    return parents.isEmpty() && !leases.isReading();
  }
}
