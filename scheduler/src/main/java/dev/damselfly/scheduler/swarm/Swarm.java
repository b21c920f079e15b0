package dev.damselfly.scheduler.swarm;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.damselfly.api.error.Reason;
import dev.damselfly.api.error.RequestFailure;
import dev.damselfly.api.error.RequestFailure.Malformed;
import dev.damselfly.api.error.RequestFailure.Refused;
import dev.damselfly.api.wire.common.v2.Download;
import dev.damselfly.api.wire.damselfly.v1.ContentFacts;
import dev.damselfly.api.wire.damselfly.v1.JoinEvent;
import dev.damselfly.api.wire.damselfly.v1.JoinRequest;
import dev.damselfly.api.wire.damselfly.v1.LeaseReturned;
import dev.damselfly.api.wire.damselfly.v1.LeaseWanted;
import dev.damselfly.api.wire.damselfly.v1.Left;
import dev.damselfly.api.wire.damselfly.v1.Register;
import dev.damselfly.api.wire.damselfly.v1.Registered;
import dev.damselfly.authz.audit.AuditAction;
import dev.damselfly.scheduler.task.PeerEvent;
import dev.damselfly.scheduler.task.TaskKey;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// The Damselfly peers of one task. One lock guards everything; events are queued under it in their order, and
/// written after it is released. Lock order: swarm, then task, then outbox.
final class Swarm {
  private final TaskKey key;
  private final Swarms.Scope scope;
  private final Roster roster = new Roster();
  private final Attestations attestations = new Attestations();
  private final Blame blame = new Blame();
  private final Supply supply;
  private final Mesh mesh;
  private final PieceLedger ledger;
  private final Aftermath aftermath;
  private final SeedCall seedCall;

  @GuardedBy("this")
  private @Nullable FixedContent content;

  @GuardedBy("this")
  private boolean closed;

  Swarm(TaskKey key, Download download, Swarms.Scope scope) {
    this.key = key;
    this.scope = scope;
    this.aftermath = new Aftermath(key, scope.audit());
    this.supply = new Supply(roster, attestations, scope.config().leases(), scope.timer().instant());
    this.mesh = new Mesh(key, roster, blame, scope.config().mesh(), scope.grants(), scope.random());
    this.ledger = new PieceLedger(roster, attestations, supply.leases(), blame, mesh, aftermath);
    this.seedCall = new SeedCall(key, download, scope, roster, supply, aftermath);
  }

  /// Takes the member in.
  ///
  /// @return false when the swarm was closed meanwhile: the caller opens another
  boolean join(Member member, Register register) {
    synchronized (this) {
      if (closed) {
        return false;
      }
      if (roster.size() >= scope.config().maxMembers()) {
        throw new Refused(Reason.LIMIT_EXCEEDED, "the swarm has as many members as it may");
      }
      if (roster.find(member.peerId).isPresent()) {
        throw new Refused(Reason.WRONG_STATE, "peer_id: has a live stream");
      }
      if (register.hasContent()) {
        describe(member, register.getContent());
      }
      if (register.getHeldCount() > 0) {
        ledger.requireContent(); // a refusal comes before the answer that it is in
      }
      admit(member, register);
      Instant now = scope.timer().instant();
      register.getHeldList().forEach(piece -> ledger.report(member, piece, now));
      mesh.fill(member);
      seedCall.first(member, this::wake, this::seedDue);
      settle();
    }
    finish();
    return true;
  }

  @GuardedBy("this")
  private void admit(Member member, Register register) {
    roster.add(member);
    supply.stir();
    member.onlyServes = register.getOnlyServes();
    member.task.tryFire(member.peerId, PeerEvent.REGISTER_NORMAL);
    member.task.tryFire(member.peerId, member.onlyServes ? PeerEvent.DOWNLOAD_SUCCEEDED : PeerEvent.DOWNLOAD);
    var registered = Registered.newBuilder();
    FixedContent known = content;
    if (known != null) {
      registered.setContent(known.toWire());
      member.told(known);
    }
    roster.send(member, JoinEvent.newBuilder().setRegistered(registered).build());
    ledger.introduce(member);
    aftermath.record(AuditAction.PEER_JOIN, member.identity(), "", Map.of("restricted", Boolean.toString(key.restricted())));
  }

  void receive(Member member, JoinRequest request) {
    synchronized (this) {
      if (member.gone) {
        return;
      }
      handle(member, request);
      settle();
    }
    finish();
  }

  @GuardedBy("this")
  private void handle(Member member, JoinRequest request) {
    Instant now = scope.timer().instant();
    switch (request.getMessageCase()) {
      case REGISTER -> throw new Refused(Reason.WRONG_STATE, "the stream has registered its peer");
      case CONTENT -> describe(member, request.getContent());
      case HELD -> request.getHeld().getPiecesList().forEach(piece -> ledger.report(member, piece, now));
      case LEASE_WANTED -> wantLease(member, request.getLeaseWanted());
      case LEASE_RETURNED -> giveBack(member, request.getLeaseReturned());
      case PARENT_LOST -> {
        mesh.block(member, request.getParentLost().getPeerId());
        supply.lostParent();
      }
      case MISMATCH -> {
        ledger.mismatch(member, request.getMismatch());
        supply.lostParent();
      }
      case LEFT -> said(member, request.getLeft());
      case MESSAGE_NOT_SET -> throw new Malformed("message", "must be set");
    }
  }

  @GuardedBy("this")
  private void describe(Member member, ContentFacts facts) {
    FixedContent reported = FixedContent.of(facts);
    FixedContent known = content;
    if (known == null) {
      if (member.mayUseOrigin) {
        fix(reported);
      }
      return;
    }
    switch (known.compare(reported)) {
      case FixedContent.Comparison.Same() -> {}
      case FixedContent.Comparison.Extended(FixedContent longer) -> {
        if (member.mayUseOrigin) {
          fix(longer);
        }
      }
      case FixedContent.Comparison.Contradicts() ->
          throw new Refused(Reason.ORIGIN_CHANGED, "the origin's content is not the one of this task");
    }
  }

  @GuardedBy("this")
  private void fix(FixedContent known) {
    content = known;
    supply.fixed(known);
    ledger.fixed(known);
    mesh.sized(known);
    var event = JoinEvent.newBuilder().setContent(known.toWire()).build();
    for (Member member : roster.all()) {
      roster.send(member, event);
      member.told(known);
    }
  }

  @GuardedBy("this")
  private void wantLease(Member member, LeaseWanted wanted) {
    if (!member.mayUseOrigin) {
      throw new Refused(Reason.CALLER_NOT_ALLOWED, "this peer may not go to the origin");
    }
    member.narrow(wanted);
    supply.want(member, wanted.getPieces());
  }

  @GuardedBy("this")
  private void giveBack(Member member, LeaseReturned returned) {
    if (returned.getReason() == LeaseReturned.Reason.ORIGIN_CHANGED) {
      throw new Refused(Reason.ORIGIN_CHANGED, "the origin's content is not the one of this task");
    }
    Optional<Lease> lease = supply.leases().find(returned.getLeaseId());
    if (lease.isEmpty()) {
      return; // it ended while the message was on its way
    }
    if (!lease.get().identity().equals(member.identity())) { // of a stream before is the host's own
      throw new Refused(Reason.CALLER_NOT_ALLOWED, "lease_returned.lease_id: is the lease of another peer");
    }
    supply.forget(member);
    if (returned.getNumbersCount() == 0 || lease.get().isWhole()) {
      supply.leases().end(lease.get());
    }
    for (int number : returned.getNumbersList()) {
      supply.leases().giveBack(lease.get(), number);
    }
  }

  @GuardedBy("this")
  private void said(Member member, Left left) {
    switch (left.getOutcome()) {
      case SERVING -> {
        member.onlyServes = true;
        member.finished = true;
        supply.forget(member);
        supply.stir();
        mesh.detach(member);
        member.succeeded();
      }
      case FINISHED -> {
        member.finished = true;
        member.succeeded();
        roster.complete(member);
      }
      case FAILED -> {
        member.task.tryFire(member.peerId, PeerEvent.DOWNLOAD_FAILED);
        roster.complete(member);
      }
      case OUTCOME_UNSPECIFIED, UNRECOGNIZED -> throw new Malformed("left.outcome", "must be a defined value");
    }
  }

  /// Ends the membership with an error.
  void fail(Member member, RequestFailure failure) {
    member.outbox.fail(failure);
    leave(member);
    member.outbox.drain();
  }

  /// The member is gone: its leases are free, its children get other parents, at once. Idempotent.
  void leave(Member member) {
    depart(member);
    member.outbox.drain();
    finish();
  }

  private synchronized void depart(Member member) {
    if (member.gone) {
      return;
    }
    member.gone = true;
    member.renewal.cancel();
    member.outbox.complete();
    if (!member.finished) {
      member.task.tryFire(member.peerId, PeerEvent.LEAVES);
    }
    member.task.release(member.peerId, member.outbox);
    if (!roster.has(member)) {
      return; // refused before it was a member
    }
    mesh.detach(member);
    supply.endAll(member);
    roster.remove(member);
    supply.stir();
    mesh.withdraw(member);
    aftermath.record(AuditAction.PEER_LEAVE, member.identity(), "", Map.of());
    settle();
  }

  /// Every member of a host leaves.
  void leaveAll(String hostId) {
    for (Member member : members()) {
      if (member.host.id().equals(hostId)) {
        leave(member);
      }
    }
  }

  private synchronized List<Member> members() {
    return roster.copy();
  }

  synchronized boolean closeIfEmpty() {
    closed = closed || roster.size() == 0;
    return closed;
  }

  synchronized int size() {
    return roster.size();
  }

  /// Brings leases, parents and seeds up to date after any change.
  @GuardedBy("this")
  private void settle() {
    supply.revokeBarred();
    supply.endWholeIfComplete();
    if (supply.takeStir()) {
      supplyLeases();
      seedCall.ifStarving(content, this::seedDue);
    }
    for (Member child : mesh.flush()) {
      if (!child.renewing) {
        child.renewing = true;
        armRenewal(child);
      }
    }
  }

  @GuardedBy("this")
  private void supplyLeases() {
    for (Lease lease : supply.offer(scope.timer().instant())) {
      scope.timer().after(supply.leases().laggards().patience(), () -> leaseSlow(lease));
      scope.timer().after(OriginPace.PATIENCE, () -> leaseSlow(lease));
      scope.timer().after(scope.config().leases().silence(), () -> leaseDue(lease));
      roster.find(lease.peerId()).ifPresent(this::leased);
    }
  }

  private void leased(Member member) {
    member.task.tryFire(member.peerId, PeerEvent.DOWNLOAD_BACK_TO_SOURCE);
    mesh.offer(member);
  }

  private void armRenewal(Member child) {
    Duration wait = scope.config().mesh().grantTtl().multipliedBy(3).dividedBy(4);
    child.renewal = scope.timer().after(wait, () -> renew(child));
  }

  private void renew(Member child) {
    synchronized (this) {
      child.renewing = !child.gone && !child.parents.isEmpty();
      if (child.renewing) {
        mesh.renew(child);
        armRenewal(child);
      }
    }
    finish();
  }

  /// A lease that takes long gives its place, or itself, to others.
  private void leaseSlow(Lease lease) {
    synchronized (this) {
      if (supply.leases().find(lease.id()).isEmpty()) {
        return;
      }
    }
    wake();
  }

  /// A lease may have been silent for too long.
  private void leaseDue(Lease lease) {
    synchronized (this) {
      if (supply.leases().find(lease.id()).isEmpty()) {
        return;
      }
      Duration silence = scope.config().leases().silence();
      Duration left = Duration.between(scope.timer().instant(), lease.progressAt().plus(silence));
      if (left.isPositive()) {
        scope.timer().after(left, () -> leaseDue(lease));
        return;
      }
      supply.revoke(lease);
      settle();
    }
    finish();
  }

  private void seedDue() {
    synchronized (this) {
      seedCall.overdue();
    }
    wake();
  }

  private void wake() {
    synchronized (this) {
      supply.stir();
      settle();
    }
    finish();
  }

  /// Writes what was queued and does what was put off; never under the lock. Members whose stream ends meanwhile,
  /// because they said goodbye or read too slowly, depart.
  private void finish() {
    List<Member> ending;
    do {
      List<Member> dirty = takeDirty();
      takeSteps().forEach(Runnable::run);
      dirty.forEach(member -> member.outbox.drain());
      ending = dirty.stream().filter(member -> member.outbox.isEnding()).toList();
      ending.forEach(this::depart);
    } while (!ending.isEmpty());
  }

  private synchronized List<Member> takeDirty() {
    return roster.takeDirty();
  }

  private synchronized List<Runnable> takeSteps() {
    return aftermath.take();
  }
}
