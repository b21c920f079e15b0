package dev.damselfly.scheduler.swarm;

import dev.damselfly.api.error.Field;
import dev.damselfly.api.error.Reason;
import dev.damselfly.api.error.RequestFailure.Refused;
import dev.damselfly.api.id.Sha256;
import dev.damselfly.api.wire.damselfly.v1.HeldPiece;
import dev.damselfly.api.wire.damselfly.v1.JoinEvent;
import dev.damselfly.api.wire.damselfly.v1.PieceMismatch;
import dev.damselfly.api.wire.damselfly.v1.PiecesAttested;
import dev.damselfly.api.wire.damselfly.v1.PiecesQuarantined;
import dev.damselfly.authz.audit.AuditAction;
import dev.damselfly.authz.identity.SpiffeId;
import java.time.Instant;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// Who holds what, and what its digest is. A piece counts as held when its digest is the attested one; what a member
/// got from a parent attests nothing. Not thread-safe: the swarm's lock guards it.
final class PieceLedger {
  private static final int CHUNK = 1000;

  private final Roster roster;
  private final Attestations attestations;
  private final OriginLeases leases;
  private final Blame blame;
  private final Mesh mesh;
  private final Aftermath aftermath;
  private @Nullable FixedContent content;

  PieceLedger(
      Roster roster, Attestations attestations, OriginLeases leases, Blame blame, Mesh mesh, Aftermath aftermath) {
    this.roster = roster;
    this.attestations = attestations;
    this.leases = leases;
    this.blame = blame;
    this.mesh = mesh;
    this.aftermath = aftermath;
  }

  void fixed(FixedContent known) {
    content = known;
  }

  /// Tells a new member all that is attested.
  void introduce(Member member) {
    var event = PiecesAttested.newBuilder();
    for (Attested attested : attestations.all()) {
      event.addPieces(attested.toWire());
      if (event.getPiecesCount() == CHUNK) {
        roster.send(member, JoinEvent.newBuilder().setAttested(event).build());
        event.clear();
      }
    }
    if (event.getPiecesCount() > 0) {
      roster.send(member, JoinEvent.newBuilder().setAttested(event).build());
    }
  }

  /// @throws Refused while nothing is known of the content
  FixedContent requireContent() {
    FixedContent known = content;
    if (known == null) {
      throw new Refused(Reason.WRONG_STATE, "the content must be described before its pieces");
    }
    return known;
  }

  /// Takes one report, with the lease under which it was read, if any.
  void report(Member member, HeldPiece piece, Instant now) {
    FixedContent known = requireContent();
    int number = Field.parse("pieces.number", () -> known.requirePiece(piece.getNumber(), piece.getLength()));
    Sha256 sha = Field.parse("pieces.sha256", () -> Sha256.of(piece.getSha256().toByteArray()));
    var claim = new Attested(number, piece.getLength(), sha, member.identity(), piece.getLeaseId());
    Optional<Lease> lease = piece.getFromOrigin() ? leaseOf(member, piece) : Optional.empty();
    lease.ifPresent(own -> leases.done(own, number, now));
    if (lease.isPresent() || piece.getFromOrigin() && mayResume(member, piece)) {
      attest(member, claim);
    } else {
      hold(member, claim);
    }
  }

  /// The member's own lease that covers the piece, running or ended a short time ago. A host that lost its stream joins
  /// under a new peer id, and what it was reading then comes under the old lease.
  private Optional<Lease> leaseOf(Member member, HeldPiece piece) {
    if (piece.getLeaseId() == 0) {
      return Optional.empty();
    }
    Optional<Lease> lease = leases.find(piece.getLeaseId()).or(() -> leases.findEnded(piece.getLeaseId()));
    if (lease.isPresent() && !lease.get().identity().equals(member.identity())) {
      throw new Refused(Reason.CALLER_NOT_ALLOWED, "pieces.lease_id: is the lease of another peer");
    }
    return lease.filter(own -> own.covers(piece.getNumber()));
  }

  /// A piece of an earlier run may attest only when nothing is known or disputed about it.
  private boolean mayResume(Member member, HeldPiece piece) {
    return piece.getLeaseId() == 0
        && member.mayUseOrigin
        && attestations.find(piece.getNumber()).isEmpty()
        && !attestations.isDisputed(piece.getNumber());
  }

  private void attest(Member member, Attested claim) {
    switch (attestations.attest(claim)) {
      case Attestations.Verdict.First(Attested first) -> publish(member, first);
      case Attestations.Verdict.Same() -> hold(member, claim);
      case Attestations.Verdict.Ignored() -> hold(member, claim);
      case Attestations.Verdict.Disputed() -> {
        aftermath.record(
            AuditAction.DIGEST_MISMATCH, member.identity(), "", Map.of("piece", Integer.toString(claim.number())));
        quarantine(List.of(claim.number()));
      }
      case Attestations.Verdict.Settled(Attested winner, var liars, var withdrawn) -> {
        liars.forEach(liar -> aftermath.record(AuditAction.PEER_QUARANTINE, liar, "attested another digest", Map.of()));
        quarantine(withdrawn);
        publish(member, winner);
      }
    }
  }

  private void publish(Member member, Attested attested) {
    holds(member, attested.number());
    var event = PiecesAttested.newBuilder().addPieces(attested.toWire());
    roster.sendAll(JoinEvent.newBuilder().setAttested(event).build());
    for (Member other : roster.all()) {
      Member.Claim claim = other.unproven.remove(attested.number());
      if (claim != null && other != member) {
        hold(other, new Attested(attested.number(), claim.length(), claim.sha256(), other.identity(), 0));
      }
    }
  }

  /// The piece counts when its digest is the attested one; without an attestation it waits for one.
  private void hold(Member member, Attested claim) {
    Optional<Attested> attested = attestations.find(claim.number());
    if (attested.isEmpty()) {
      member.unproven.put(claim.number(), new Member.Claim(claim.length(), claim.sha256()));
    } else if (attested.get().agreesWith(claim)) {
      holds(member, claim.number());
    } else {
      var detail = Map.of("piece", Integer.toString(claim.number()));
      aftermath.record(AuditAction.DIGEST_MISMATCH, member.identity(), "", detail);
      var event = PiecesQuarantined.newBuilder().addNumbers(claim.number());
      roster.send(member, JoinEvent.newBuilder().setQuarantined(event).build());
    }
  }

  private void holds(Member member, int number) {
    if (blame.isQuarantined(member.identity())) {
      return; // serves nobody, so for the swarm it has nothing
    }
    roster.hold(member, number);
    member.task.touch(member.peerId);
    mesh.offer(member);
  }

  private void quarantine(Collection<Integer> numbers) {
    if (numbers.isEmpty()) {
      return;
    }
    for (int number : numbers) {
      roster.dropEverywhere(number);
      roster.all().forEach(member -> member.unproven.remove(number));
    }
    var event = PiecesQuarantined.newBuilder().addAllNumbers(numbers);
    roster.sendAll(JoinEvent.newBuilder().setQuarantined(event).build());
  }

  /// A child got wrong bytes. Counts only with proof: the parent was given to this child, and the digest is not the
  /// attested one.
  void mismatch(Member child, PieceMismatch report) {
    Sha256 actual = Field.parse("mismatch.actual_sha256", () -> Sha256.of(report.getActualSha256().toByteArray()));
    Optional<Attested> attested = attestations.find(report.getNumber());
    Optional<Member> parent = roster.find(report.getParentPeerId());
    boolean proven =
        child.everParents.contains(report.getParentPeerId())
            && attested.isPresent()
            && !attested.get().sha256().equals(actual);
    mesh.block(child, report.getParentPeerId());
    if (!proven || parent.isEmpty()) {
      return;
    }
    SpiffeId blamed = parent.get().identity();
    aftermath.record(
        AuditAction.DIGEST_MISMATCH,
        blamed,
        "",
        Map.of("piece", Integer.toString(report.getNumber()), "reporter", child.identity().toString()));
    if (blame.report(blamed, child.identity(), attested.get().attester().equals(child.identity()))) {
      shutOut(blamed);
    }
  }

  /// The identity serves nobody, attests nothing and holds no lease in this swarm from now on.
  private void shutOut(SpiffeId identity) {
    aftermath.record(AuditAction.PEER_QUARANTINE, identity, "served wrong bytes", Map.of());
    quarantine(attestations.bar(List.of(identity)));
    for (Member member : roster.copy()) {
      if (member.identity().equals(identity)) {
        for (int number : member.held.stream().toArray()) {
          roster.drop(member, number);
        }
      }
    }
    mesh.withdrawAll(identity);
  }
}
