package dev.damselfly.scheduler.swarm;

import static dev.damselfly.scheduler.swarm.Peer.FACTS;
import static dev.damselfly.scheduler.swarm.Peer.FILE;
import static dev.damselfly.scheduler.swarm.Peer.PIECE;
import static dev.damselfly.scheduler.swarm.Peer.PIECES;
import static dev.damselfly.scheduler.swarm.Peer.piece;
import static dev.damselfly.scheduler.swarm.Peer.sha;
import static org.assertj.core.api.Assertions.assertThat;

import dev.damselfly.api.assurance.Threat;
import dev.damselfly.api.error.GrpcErrors;
import dev.damselfly.api.error.Reason;
import dev.damselfly.api.wire.common.v2.Range;
import dev.damselfly.api.wire.damselfly.v1.Grant;
import dev.damselfly.api.wire.damselfly.v1.GrantClaims;
import dev.damselfly.api.wire.damselfly.v1.JoinEvent;
import dev.damselfly.api.wire.damselfly.v1.JoinRequest;
import dev.damselfly.api.wire.damselfly.v1.LeaseGranted;
import dev.damselfly.api.wire.damselfly.v1.LeaseReturned;
import dev.damselfly.api.wire.damselfly.v1.LeaseWanted;
import dev.damselfly.api.wire.damselfly.v1.Left;
import dev.damselfly.api.wire.damselfly.v1.ListGrantKeysRequest;
import dev.damselfly.api.wire.damselfly.v1.Parent;
import dev.damselfly.api.wire.damselfly.v1.ParentLost;
import dev.damselfly.api.wire.damselfly.v1.PieceMismatch;
import dev.damselfly.api.wire.damselfly.v1.PiecesHeld;
import dev.damselfly.api.wire.damselfly.v1.Register;
import dev.damselfly.authz.audit.AuditAction;
import dev.damselfly.authz.identity.Role;
import dev.damselfly.scheduler.boot.Harness;
import dev.damselfly.scheduler.boot.Talk;
import dev.damselfly.scheduler.task.PeerState;
import dev.damselfly.scheduler.task.TaskKey;
import dev.damselfly.scheduler.task.Tasks;
import io.grpc.Status;
import java.nio.charset.StandardCharsets;
import java.security.KeyFactory;
import java.security.Signature;
import java.security.spec.X509EncodedKeySpec;
import java.time.Duration;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Swarm scenarios through an in-process server. Nothing but deadlines and renewals needs the clock to move.
@NullMarked
class SwarmTest {
  private final Harness scheduler = new Harness();

  @AfterEach
  void close() {
    scheduler.close();
  }

  private Peer peer(String name) {
    return new Peer(scheduler, name, Role.PEER, r -> r);
  }

  /// A peer that may not go to the origin.
  private Peer child(String name) {
    return new Peer(scheduler, name, Role.PEER, r -> r.setMayUseOrigin(false));
  }

  @Test
  void register_isAnsweredFirstWithTheFixedFacts() {
    peer("a");
    Peer late = new Peer(scheduler, "b", Role.PEER, Register.Builder::clearContent);

    assertThat(late.talk.heard().getFirst().getRegistered().getContent()).isEqualTo(FACTS);
  }

  @Test
  @Threat("S-VTX-3")
  void twoMembersWithoutASeed_coverTheFileExactlyOnce() {
    Peer a = peer("a");
    Peer b = peer("b");
    var read = new BitSet();
    int reads = 0;
    var done = new java.util.HashMap<Peer, Integer>(); // a lease may also come while the other one works
    boolean more = true;
    while (more) {
      more = false;
      for (Peer member : List.of(a, b)) {
        int known = done.getOrDefault(member, 0);
        member.want(4);
        done.put(member, member.leases().size());
        for (LeaseGranted lease : List.copyOf(member.leases().subList(known, done.get(member)))) {
          for (int number : lease.getNumbersList()) {
            assertThat(read.get(number)).as("piece %d was leased before", number).isFalse();
            read.set(number);
            reads++;
            member.brought(lease.getLeaseId(), number, "piece " + number);
            more = true;
          }
        }
      }
    }

    assertThat(reads).isEqualTo(PIECES);
    assertThat(a.leases()).isNotEmpty();
    assertThat(b.leases()).isNotEmpty();
    assertThat(b.attested()).hasSize(PIECES).doesNotHaveDuplicates();
  }

  @Test
  void leases_areSinglePiecesAndFewAtATimeWhenManyWantThem() {
    var peers = new ArrayList<Peer>();
    for (int i = 0; i < 6; i++) {
      peers.add(peer("p" + i));
    }
    peers.forEach(p -> p.want(8));
    assertThat(open(peers)).hasSize(4);

    var read = new ArrayList<Integer>();
    for (Map<LeaseGranted, Peer> open = open(peers); !open.isEmpty(); open = open(peers)) {
      assertThat(open).hasSizeLessThanOrEqualTo(4);
      Map.Entry<LeaseGranted, Peer> first = open.entrySet().iterator().next();
      LeaseGranted lease = first.getKey();
      read.add(lease.getNumbers(0));
      first.getValue().brought(lease.getLeaseId(), lease.getNumbers(0), "x" + lease.getNumbers(0));
    }

    assertThat(read).hasSize(PIECES).doesNotHaveDuplicates();
    assertThat(peers).allMatch(p -> !p.leases().isEmpty());
  }

  /// Leases whose one piece was not read yet.
  private static Map<LeaseGranted, Peer> open(List<Peer> peers) {
    var open = new LinkedHashMap<LeaseGranted, Peer>();
    for (Peer peer : peers) {
      for (LeaseGranted lease : peer.leases()) {
        assertThat(lease.getNumbersCount()).isEqualTo(1);
        if (!peers.getFirst().attested().contains(lease.getNumbers(0))) {
          open.put(lease, peer);
        }
      }
    }
    return open;
  }

  @Test
  void leasesThatNobodyReads_holdTheOthersUpForSecondsOnly() {
    List<Peer> idle = List.of(peer("i1"), peer("i2"));
    Peer busy = peer("busy");
    idle.forEach(p -> p.want(8));
    busy.want(4);
    assertThat(busy.leases()).isEmpty();

    scheduler.timer.advance(Duration.ofSeconds(6));

    assertThat(busy.leases()).isNotEmpty();
  }

  @Test
  void members_becomeParentsOfEachOtherAtTheFirstPieceOrLease() {
    Peer a = peer("a");
    Peer b = peer("b");
    assertThat(a.parentsAdded()).isEmpty();

    a.want(2);
    assertThat(b.parentsAdded()).extracting(Parent::getPeerId).containsExactly(a.peerId);
    b.want(2);
    assertThat(a.parentsAdded()).extracting(Parent::getPeerId).containsExactly(b.peerId);
    Peer c = child("c");
    assertThat(c.parentsAdded()).extracting(Parent::getPeerId).containsExactlyInAnyOrder(a.peerId, b.peerId);
    assertThat(c.parentsAdded()).allMatch(p -> p.getPiecePort() == 4005 && p.getReason().contains("score"));
  }

  @Test
  @Threat("S-VTX-3")
  void parents_comeWithAGrantThatVerifies() throws Exception {
    Peer a = peer("a");
    a.want(2);
    Peer b = peer("b");
    var grant = Grant.parseFrom(b.parentsAdded().getFirst().getGrant());
    var key = scheduler.swarmBlocking("b").listGrantKeys(ListGrantKeysRequest.getDefaultInstance()).getKeys(0);
    var verifier = Signature.getInstance("Ed25519");
    verifier.initVerify(KeyFactory.getInstance("Ed25519").generatePublic(new X509EncodedKeySpec(key.getSpki().toByteArray())));
    verifier.update("damselfly-grant-v1\n".getBytes(StandardCharsets.US_ASCII));
    verifier.update(grant.getClaims().toByteArray());
    var claims = GrantClaims.parseFrom(grant.getClaims());

    assertThat(verifier.verify(grant.getSignature().toByteArray())).isTrue();
    assertThat(grant.getKeyId()).isEqualTo(key.getKeyId());
    assertThat(claims.getChildSpiffeId()).isEqualTo("spiffe://test/damselfly/peer/1/b");
    assertThat(claims.getParentSpiffeIdsList()).containsExactly("spiffe://test/damselfly/peer/1/a");
    assertThat(claims.getTaskId()).isEqualTo(Harness.taskId(FILE).value());
    assertThat(claims.getRestricted()).isFalse();
    assertThat(claims.getExpiresAtSeconds() - scheduler.timer.instant().getEpochSecond()).isEqualTo(600);
  }

  @Test
  void grants_areRenewedBeforeTheyExpire() {
    Peer a = peer("a");
    a.want(2);
    Peer b = peer("b");
    b.talk.fresh();

    scheduler.timer.advance(Duration.ofSeconds(451));

    assertThat(b.parentsAdded()).extracting(Parent::getPeerId).containsExactly(a.peerId);
  }

  @Test
  void silentLease_isRevokedAndGivenToWhoWaits() {
    Peer a = peer("a");
    Peer b = peer("b");
    a.want(12);
    int done = -1;
    while (done < b.leases().size()) {
      done = b.leases().size();
      b.want(4);
      b.leases().subList(done, b.leases().size())
          .forEach(l -> l.getNumbersList().forEach(n -> b.brought(l.getLeaseId(), n, "x" + n)));
    }
    int before = b.leases().size();

    scheduler.timer.advance(Duration.ofSeconds(61));

    assertThat(a.talk.heard()).anyMatch(JoinEvent::hasLeaseRevoked);
    assertThat(b.leases().size()).isGreaterThan(before);
  }

  @Test
  void lease_withProgressIsNotRevoked() {
    Peer a = peer("a");
    a.want(8);
    LeaseGranted lease = a.leases().getFirst();

    for (int i = 0; i < 3; i++) {
      scheduler.timer.advance(Duration.ofSeconds(50));
      a.brought(lease.getLeaseId(), lease.getNumbers(i), "x" + i);
    }

    assertThat(a.talk.heard().stream().filter(JoinEvent::hasLeaseRevoked).map(e -> e.getLeaseRevoked().getLeaseId()))
        .doesNotContain(lease.getLeaseId());
  }

  @Test
  void lostLeaseholder_freesItsPiecesAndItsChildrenAtOnce() {
    Peer a = peer("a");
    Peer b = peer("b");
    a.want(2);
    b.want(12);
    int before = b.leases().size();
    assertThat(b.leases().stream().flatMap(l -> l.getNumbersList().stream())).hasSize(2);

    a.talk.breakOff();

    assertThat(b.parentsRemoved()).containsExactly(a.peerId);
    assertThat(b.leases().subList(before, b.leases().size()).stream().flatMap(l -> l.getNumbersList().stream()))
        .hasSize(2).containsAll(a.leases().getFirst().getNumbersList());
  }

  @Test
  void returnedLease_goesToWhoWaits() {
    Peer a = peer("a");
    a.want(32);
    Peer b = peer("b");
    b.want(1);
    assertThat(b.leases()).isEmpty();

    LeaseGranted lease = a.leases().getFirst();
    a.say(m -> m.setLeaseReturned(LeaseReturned.newBuilder().setLeaseId(lease.getLeaseId())
        .addAllNumbers(lease.getNumbersList()).setReason(LeaseReturned.Reason.ORIGIN_FAILED)));

    assertThat(b.leases()).hasSize(1);
    assertThat(lease.getNumbersList()).containsAll(b.leases().getFirst().getNumbersList());
  }

  @Test
  void range_limitsTheLeases() {
    Peer a = new Peer(scheduler, "a", Role.PEER, r -> r.setDownload(
        FILE.toBuilder().setRange(Range.newBuilder().setStart(PIECE + 1).setLength(PIECE))));

    a.want(8);

    assertThat(a.leases().stream().flatMap(l -> l.getNumbersList().stream())).containsExactly(1, 2);
  }

  @Test
  void demandForAPart_isLeasedThatPart_withoutAnotherRegistration() {
    Peer a = new Peer(scheduler, "a", Role.PEER, r -> r.setDownload(
        FILE.toBuilder().setRange(Range.newBuilder().setLength(PIECES * PIECE))));

    a.say(m -> m.setLeaseWanted(LeaseWanted.newBuilder().setPieces(1).setFirst(4).setEnd(5)));
    a.say(m -> m.setLeaseWanted(LeaseWanted.newBuilder().setPieces(2).setFirst(2).setEnd(3)));

    assertThat(a.leases().stream().flatMap(l -> l.getNumbersList().stream())).containsExactly(4, 2);
  }

  @Test
  void demandForNoPart_isMalformed() {
    Peer a = peer("a");

    a.say(m -> m.setLeaseWanted(LeaseWanted.newBuilder().setPieces(1).setFirst(3).setEnd(3)));

    assertThat(a.leases()).isEmpty();
    assertThat(GrpcErrors.reasonOf(a.talk.failure())).contains(Reason.MALFORMED_FIELD);
  }

  @Test
  void originWithoutLength_isReadByOneMemberAtATime() {
    var unknown = FACTS.toBuilder().clearContentLength().setRanges(false).build();
    Peer a = new Peer(scheduler, "a", Role.PEER, r -> r.setContent(unknown));
    Peer b = new Peer(scheduler, "b", Role.PEER, r -> r.setContent(unknown));
    a.want(1);
    b.want(1);
    assertThat(a.leases()).singleElement().matches(LeaseGranted::getWhole);
    assertThat(b.leases()).isEmpty();
    a.brought(a.leases().getFirst().getLeaseId(), 0, "first");
    assertThat(b.attested()).containsExactly(0);

    a.talk.breakOff();

    assertThat(b.leases()).singleElement().matches(LeaseGranted::getWhole);
  }

  @Test
  void lengthThatBecomesKnown_isToldToAll() {
    var unknown = FACTS.toBuilder().clearContentLength().setRanges(false).build();
    Peer a = new Peer(scheduler, "a", Role.PEER, r -> r.setContent(unknown));
    Peer b = new Peer(scheduler, "b", Role.PEER, r -> r.setContent(unknown));

    a.say(m -> m.setContent(unknown.toBuilder().setContentLength(5)));

    assertThat(b.talk.heard().getLast().getContent().getContentLength()).isEqualTo(5);
  }

  @Test
  @Threat("S-SCH-3")
  void contradictingFacts_endTheReporterOnly() {
    Peer a = peer("a");

    Peer b = new Peer(scheduler, "b", Role.PEER, r -> r.setContent(FACTS.toBuilder().setEtag("\"v2\"")));

    assertThat(GrpcErrors.reasonOf(b.talk.failure())).contains(Reason.ORIGIN_CHANGED);
    assertThat(a.talk.end()).isEmpty();
  }

  @Test
  @Threat({"S-SCH-7", "F-45"})
  void conflictingDigests_areDecidedByAThird() {
    Peer a = peer("a");
    a.want(1);
    LeaseGranted first = a.leases().getFirst();
    int n = first.getNumbers(0);
    a.brought(first.getLeaseId(), n, "lie");
    Peer watcher = child("w");
    assertThat(watcher.attested()).containsExactly(n);

    // the holder leaves, the piece is leased again, and the next reads something else
    a.talk.halfClose();
    Peer b = peer("b");
    b.want(1);
    LeaseGranted second = b.leases().getFirst();
    assertThat(second.getNumbersList()).containsExactly(n);
    b.brought(second.getLeaseId(), n, "truth");
    assertThat(watcher.quarantined()).containsExactly(n);

    b.want(2);
    assertThat(b.leases().stream().skip(1).flatMap(l -> l.getNumbersList().stream())).doesNotContain(n);
    Peer c = peer("c");
    c.want(1);
    LeaseGranted third = c.leases().getFirst();
    assertThat(third.getNumbersList()).containsExactly(n);
    c.brought(third.getLeaseId(), n, "truth");

    assertThat(watcher.talk.heard().getLast().getAttested().getPieces(0).getSha256()).isEqualTo(sha("truth"));
    assertThat(scheduler.audit).anyMatch(e -> e.action() == AuditAction.PEER_QUARANTINE && e.actor().endsWith("/a"));
    Peer liar = new Peer(scheduler, "a", Role.PEER, r -> r.setPeerId(r.getPeerId() + "2"));
    liar.want(1);
    assertThat(liar.leases()).isEmpty();
  }

  @Test
  @Threat("S-SCH-7")
  void piecesFromParents_attestNothing() {
    Peer a = peer("a");
    Peer b = child("b");

    b.got(0, "invented", a.peerId);

    assertThat(a.attested()).isEmpty();
    a.want(1);
    a.brought(a.leases().getFirst().getLeaseId(), 0, "real");
    assertThat(b.quarantined()).containsExactly(0);
    assertThat(a.parentsAdded()).isEmpty();
  }

  @Test
  @Threat({"S-SCH-1", "S-SCH-7"})
  void attestation_needsTheOwnLease() {
    Peer a = peer("a");
    a.want(4);
    LeaseGranted lease = a.leases().getFirst();
    Peer b = peer("b");

    b.brought(lease.getLeaseId(), lease.getNumbers(0), "stolen");

    assertThat(GrpcErrors.reasonOf(b.talk.failure())).contains(Reason.CALLER_NOT_ALLOWED);
    assertThat(a.attested()).isEmpty();
  }

  @Test
  void leaseOfTheStreamBefore_isStillTheHostsOwn() {
    Peer before = peer("a");
    Peer other = peer("b"); // keeps the swarm alive
    before.want(4);
    LeaseGranted lease = before.leases().getFirst();
    before.talk.breakOff();
    Peer again = new Peer(scheduler, "a", Role.PEER, r -> r.setPeerId(r.getHostId() + "-2"));

    again.brought(lease.getLeaseId(), lease.getNumbers(0), "late");

    assertThat(other.attested()).containsExactly(lease.getNumbers(0));
  }

  @Test
  @Threat({"S-VTX-3", "TOB-15"})
  void pieceThatNoLeaseCovers_attestsNothing() {
    Peer a = peer("a");
    a.want(1);
    LeaseGranted lease = a.leases().getFirst();
    int other = IntStream.range(0, PIECES).filter(n -> !lease.getNumbersList().contains(n)).findFirst().orElseThrow();

    a.brought(lease.getLeaseId(), other, "x");
    a.brought(lease.getLeaseId() + 1000, other, "x");

    assertThat(a.attested()).isEmpty();
  }

  @Test
  @Threat("S-SCH-7")
  void resumedPieces_attestOnlyWhereNothingIsKnown() {
    Peer a = new Peer(scheduler, "a", Role.PEER, r -> r.addHeld(piece(0, "old").setFromOrigin(true)));
    Peer b = new Peer(scheduler, "b", Role.PEER, r -> r.addHeld(piece(0, "other").setFromOrigin(true)));
    Peer c = new Peer(scheduler, "c", Role.PEER, r -> r.setMayUseOrigin(false).addHeld(piece(1, "x").setFromOrigin(true)));

    assertThat(a.attested()).containsExactly(0);
    assertThat(b.quarantined()).containsExactly(0);
    assertThat(a.quarantined()).isEmpty();
    assertThat(c.attested()).containsExactly(0);
  }

  @Test
  @Threat({"S-SCH-7", "F-45"})
  void wrongBytes_blockForOneReporterAndShutOutForTwo() {
    Peer origin = peer("o");
    origin.want(1);
    origin.brought(origin.leases().getFirst().getLeaseId(), 0, "real");
    Peer bad = child("bad");
    bad.got(0, "real", origin.peerId);
    Peer b = child("b");
    Peer c = child("c");
    Peer d = child("d");
    assertThat(d.parentsAdded()).extracting(Parent::getPeerId).contains(bad.peerId);

    b.say(m -> m.setMismatch(PieceMismatch.newBuilder().setParentPeerId(bad.peerId).setNumber(0).setActualSha256(sha("junk"))));
    assertThat(b.parentsRemoved()).containsExactly(bad.peerId);
    assertThat(d.parentsRemoved()).isEmpty();
    c.say(m -> m.setMismatch(PieceMismatch.newBuilder().setParentPeerId(bad.peerId).setNumber(0).setActualSha256(sha("junk"))));

    assertThat(d.parentsRemoved()).containsExactly(bad.peerId);
    assertThat(scheduler.audit).anyMatch(e -> e.action() == AuditAction.PEER_QUARANTINE && e.actor().endsWith("/bad"));
  }

  @Test
  @Threat({"S-SCH-7", "S-SCH-5"})
  void blameOfAParentThatWasNeverGiven_shutsNobodyOut() {
    List<Peer> strangers = List.of(peer("b"), peer("c"));
    for (Peer stranger : strangers) {
      stranger.say(m -> m.setLeft(Left.newBuilder().setOutcome(Left.Outcome.SERVING))); // wants no parents
    }
    Peer origin = peer("o");
    origin.want(1);
    origin.brought(origin.leases().getFirst().getLeaseId(), 0, "real");
    Peer d = child("d");
    for (Peer stranger : strangers) {
      assertThat(stranger.parentsAdded()).isEmpty();
      stranger.say(
          m -> m.setMismatch(PieceMismatch.newBuilder().setParentPeerId(origin.peerId).setNumber(0).setActualSha256(sha("junk"))));
    }

    assertThat(d.parentsRemoved()).isEmpty();
    assertThat(scheduler.audit).noneMatch(e -> e.action() == AuditAction.PEER_QUARANTINE);
  }

  @Test
  @Threat("S-SCH-7")
  void blameWithoutProof_shutsNobodyOut() {
    Peer origin = peer("o");
    origin.want(1);
    origin.brought(origin.leases().getFirst().getLeaseId(), 0, "real");
    Peer d = child("d");
    for (String name : List.of("b", "c")) {
      Peer liar = child(name);
      liar.say(m -> m.setMismatch(PieceMismatch.newBuilder().setParentPeerId(origin.peerId).setNumber(0).setActualSha256(sha("real"))));
      liar.say(m -> m.setMismatch(PieceMismatch.newBuilder().setParentPeerId(origin.peerId).setNumber(5).setActualSha256(sha("x"))));
      liar.say(m -> m.setMismatch(PieceMismatch.newBuilder().setParentPeerId("nobody").setNumber(0).setActualSha256(sha("x"))));
    }

    assertThat(d.parentsRemoved()).isEmpty();
    assertThat(scheduler.audit).noneMatch(e -> e.action() == AuditAction.PEER_QUARANTINE);
  }

  @Test
  void lostParent_isReplacedAndNotOfferedAgain() {
    Peer a = peer("a");
    a.want(1);
    Peer b = peer("b");

    b.say(m -> m.setParentLost(ParentLost.newBuilder().setPeerId(a.peerId).setReason(ParentLost.Reason.UNREACHABLE)));

    assertThat(b.parentsRemoved()).containsExactly(a.peerId);
    assertThat(b.parentsAdded()).hasSize(1);
  }

  @Test
  @Threat("S-SCH-7")
  void piecesThatOnlyLostParentsHold_areLeasedAgain() {
    Peer a = peer("a");
    a.want(PIECES);
    for (int number = 0; number < PIECES; number++) {
      int wanted = number;
      LeaseGranted lease = a.leases().stream().filter(l -> l.getNumbersList().contains(wanted)).findFirst().orElseThrow();
      a.brought(lease.getLeaseId(), number, "piece " + number);
      a.want(PIECES);
    }
    Peer c = child("c");
    for (int number = 0; number < PIECES; number++) {
      c.got(number, "piece " + number, a.peerId);
    }
    Peer b = peer("b");
    b.want(4);

    b.say(m -> m.setParentLost(ParentLost.newBuilder().setPeerId(a.peerId).setReason(ParentLost.Reason.STALLED)));
    assertThat(b.leases()).isEmpty(); // the other one has everything
    b.say(m -> m.setParentLost(ParentLost.newBuilder().setPeerId(c.peerId).setReason(ParentLost.Reason.WRONG_BYTES)));

    assertThat(b.leases()).isNotEmpty();
  }

  @Test
  @Threat({"S-SCH-5", "S-VTX-3"})
  void restrictedAndPublicMembers_neverMeet() {
    Peer secret = new Peer(scheduler, "a", Role.PEER, r -> r.setRestricted(true));
    secret.want(2);
    secret.brought(secret.leases().getFirst().getLeaseId(), 0, "secret");
    Peer open = peer("b");
    open.want(2);
    Peer second = new Peer(scheduler, "c", Role.PEER, r -> r.setRestricted(true));

    assertThat(open.parentsAdded()).isEmpty();
    assertThat(open.attested()).isEmpty();
    assertThat(secret.parentsAdded()).isEmpty();
    assertThat(second.parentsAdded()).extracting(Parent::getPeerId).containsExactly(secret.peerId);
    assertThat(second.attested()).containsExactly(0);
    assertThat(scheduler.tasks.find(TaskKey.publicTask(Harness.taskId(FILE))).orElseThrow().peerIds())
        .containsExactly(open.peerId);
  }

  @Test
  void starvingPublicSwarm_asksASeedButARestrictedOneNever() {
    scheduler.seeds.available(true);
    new Peer(scheduler, "a", Role.PEER, r -> r.setMayUseOrigin(false).setRestricted(true));
    assertThat(scheduler.seeds.triggered()).isEmpty();

    child("b");

    assertThat(scheduler.seeds.triggered()).hasSize(1);
    assertThat(scheduler.seeds.triggered().getFirst().download().getNeedBackToSource()).isTrue();
  }

  @Test
  void preferredSeed_getsTheLeasesFirst() {
    var config = new SwarmConfig(
        new SwarmConfig.Leases(java.util.Set.of(Role.PEER, Role.SEED_PEER), 8, 32, Duration.ofMinutes(1), true, Duration.ofSeconds(2)),
        SwarmConfig.Mesh.DEFAULT, 100, 100);
    try (var preferring = new Harness(config, new Tasks.Limits(10, 100, 10, 200))) {
      preferring.seeds.available(true);
      Peer a = new Peer(preferring, "a", Role.PEER, r -> r);
      a.want(4);
      assertThat(a.leases()).isEmpty();
      assertThat(preferring.seeds.triggered()).hasSize(1);

      preferring.timer.advance(Duration.ofSeconds(2));

      assertThat(a.leases()).isNotEmpty();
    }
  }

  @Test
  @Threat("S-SCH-6")
  void slowReader_isEndedAndLeavesTheSwarm() {
    var config = new SwarmConfig(SwarmConfig.Leases.DEFAULT, SwarmConfig.Mesh.DEFAULT, 5, 100);
    try (var small = new Harness(config, new Tasks.Limits(10, 100, 10, 200))) {
      Peer deaf = new Peer(small, "deaf", Role.PEER, r -> r.addHeld(piece(0, "x0").setFromOrigin(true)), true);
      Peer a = new Peer(small, "a", Role.PEER, r -> r);
      assertThat(a.parentsAdded()).extracting(Parent::getPeerId).containsExactly(deaf.peerId);
      a.want(32);
      a.leases().forEach(l -> l.getNumbersList().forEach(n -> a.brought(l.getLeaseId(), n, "x" + n)));

      assertThat(deaf.talk.end()).contains(Status.Code.RESOURCE_EXHAUSTED);
      assertThat(a.parentsRemoved()).containsExactly(deaf.peerId);
    }
  }

  @Test
  void servingHost_bringsItsPiecesToASwarmThatForgotThem_ifItMaySpeakForTheContent() {
    var piece = piece(0, "zero").setFromOrigin(true);
    Peer child = new Peer(scheduler, "c", Role.PEER, r -> r.setMayUseOrigin(false).setOnlyServes(true).addHeld(piece));
    assertThat(GrpcErrors.reasonOf(child.talk.failure())).contains(Reason.WRONG_STATE);
    assertThat(child.talk.heard()).isEmpty();
    assertThat(scheduler.audit).noneMatch(event -> event.object().startsWith("task:"));

    Peer reader = new Peer(scheduler, "r", Role.PEER, r -> r.setOnlyServes(true).addHeld(piece));

    assertThat(reader.talk.end()).isEmpty();
    assertThat(reader.attested()).contains(0);
    assertThat(reader.leases()).isEmpty();
  }

  @Test
  @Threat({"S-SCH-1", "S-SCH-2"})
  void join_forAnotherHostALivePeerOrTwiceIsRefused() {
    Peer a = peer("a");
    scheduler.announce("b", Role.PEER);
    var stolen = Register.newBuilder().setHostId(a.hostId).setPeerId(a.peerId).setTaskId(Harness.taskId(FILE).value())
        .setDownload(FILE).setPiecePort(4005).build();
    Talk<JoinRequest, JoinEvent> spoof = Talk.open(out -> scheduler.swarm("b").join(out));
    spoof.say(JoinRequest.newBuilder().setRegister(stolen).build());
    Talk<JoinRequest, JoinEvent> second = Talk.open(out -> scheduler.swarm("a").join(out));
    second.say(JoinRequest.newBuilder().setRegister(stolen).build());

    assertThat(GrpcErrors.reasonOf(spoof.failure())).contains(Reason.CALLER_NOT_ALLOWED);
    assertThat(GrpcErrors.reasonOf(second.failure())).contains(Reason.WRONG_STATE);
    assertThat(a.talk.end()).isEmpty();
    a.say(m -> m.setRegister(stolen));
    assertThat(GrpcErrors.reasonOf(a.talk.failure())).contains(Reason.WRONG_STATE);
  }

  @Test
  @Threat("S-SCH-5")
  void register_withRequestHeadersIsRefused() {
    Peer a = new Peer(scheduler, "a", Role.PEER, r -> r.setDownload(FILE.toBuilder().putRequestHeader("Authorization", "x")));

    assertThat(GrpcErrors.reasonOf(a.talk.failure())).contains(Reason.FORBIDDEN_FIELD);
  }

  @Test
  @Threat("S-SCH-6")
  void hostilePieces_endTheStreamWithoutAChange() {
    Peer watcher = peer("w");
    for (int number : new int[] {PIECES, 1 << 20, -1, Integer.MIN_VALUE}) {
      Peer a = peer("h" + Integer.toUnsignedString(number));
      a.brought(0, number, "x");
      assertThat(GrpcErrors.reasonOf(a.talk.failure())).contains(Reason.MALFORMED_FIELD);
    }
    Peer b = peer("b");
    b.say(m -> m.setHeld(PiecesHeld.newBuilder().addPieces(piece(0, "x").setLength(1).setFromOrigin(true))));

    assertThat(GrpcErrors.reasonOf(b.talk.failure())).contains(Reason.MALFORMED_FIELD);
    assertThat(watcher.attested()).isEmpty();
  }

  @Test
  void states_areVisibleToV2Peers() {
    Peer a = peer("a");
    var task = scheduler.tasks.find(TaskKey.publicTask(Harness.taskId(FILE))).orElseThrow();
    assertThat(task.stateOf(a.peerId)).contains(PeerState.RUNNING);
    a.want(1);
    assertThat(task.stateOf(a.peerId)).contains(PeerState.BACK_TO_SOURCE);

    a.say(m -> m.setLeft(Left.newBuilder().setOutcome(Left.Outcome.SERVING)));
    assertThat(task.stateOf(a.peerId)).contains(PeerState.SUCCEEDED);
    assertThat(a.talk.end()).isEmpty();
    a.say(m -> m.setLeft(Left.newBuilder().setOutcome(Left.Outcome.FINISHED)));
    assertThat(a.talk.end()).contains(Status.Code.OK);
    assertThat(scheduler.swarms.count()).isZero();
  }

  @Test
  void servingMember_staysAParentAndWantsNone() {
    Peer a = peer("a");
    a.want(1);
    a.brought(a.leases().getFirst().getLeaseId(), 0, "x");
    a.say(m -> m.setLeft(Left.newBuilder().setOutcome(Left.Outcome.SERVING)));
    Peer b = peer("b");
    b.want(1);

    assertThat(b.parentsAdded()).extracting(Parent::getPeerId).containsExactly(a.peerId);
    assertThat(a.parentsAdded()).isEmpty();
  }

  @Test
  void parents_areAtMostEightOfWhichTwoAreRandom() {
    parents(20);
    Peer child = child("c");

    assertThat(child.parentsAdded()).hasSize(8);
    assertThat(child.parentsAdded().stream().filter(p -> p.getReason().startsWith("drawn"))).hasSize(2);
  }

  /// Members that are all there before the first has a piece.
  private List<Peer> parents(int count) {
    var parents = new ArrayList<Peer>();
    for (int i = 0; i < count; i++) {
      parents.add(peer("p" + i));
    }
    Peer first = parents.getFirst();
    first.want(1);
    first.brought(first.leases().getFirst().getLeaseId(), 0, "x");
    parents.forEach(p -> p.got(0, "x", first.peerId));
    return parents;
  }

  /// Whatever is left out by choice and chance: what one member has can reach all others.
  @ParameterizedTest
  @ValueSource(ints = {40, 150}) // fewer and more than a choice looks at
  void everyMember_canBeReachedFromEveryOther(int members) {
    List<Peer> all = parents(members);
    for (int round = 0; round < 3; round++) {
      assertReachable(all);
      Peer leaves = all.remove(7 * round);
      leaves.talk.breakOff();
      Peer says = all.get(5);
      String lost = says.parents().getFirst();
      says.say(m -> m.setParentLost(ParentLost.newBuilder().setPeerId(lost).setReason(ParentLost.Reason.UNREACHABLE)));
    }
    assertReachable(all);
  }

  @ParameterizedTest
  @ValueSource(ints = {40, 150})
  void crowdThatComesAtOnce_isNotLeftToTheFirstParent(int members) {
    var all = new ArrayList<Peer>();
    for (int i = 0; i < members; i++) {
      all.add(peer("p" + i));
    }
    Peer first = all.getFirst();
    first.want(1);
    first.brought(first.leases().getFirst().getLeaseId(), 0, "x");

    List<Peer> served = all.stream().filter(p -> p.parents().contains(first.peerId)).toList();
    assertThat(served).hasSize(16);
    for (Peer child : all) { // in waves: who has a parent gets the piece
      if (!child.parents().isEmpty()) {
        child.got(0, "x", child.parents().getFirst());
      }
    }

    assertThat(all).allMatch(p -> !p.parents().isEmpty());
  }

  @Test
  void placeThatComesFree_goesToAMemberWithoutParents() {
    var all = new ArrayList<Peer>();
    for (int i = 0; i < 20; i++) {
      all.add(peer("p" + i));
    }
    Peer first = all.getFirst();
    first.want(1);
    first.brought(first.leases().getFirst().getLeaseId(), 0, "x");
    Peer without = all.stream().filter(p -> p != first && p.parents().isEmpty()).findFirst().orElseThrow();

    all.stream().filter(p -> !p.parents().isEmpty()).findFirst().orElseThrow().talk.breakOff();

    assertThat(without.parents()).containsExactly(first.peerId);
  }

  private static void assertReachable(List<Peer> all) {
    for (Peer from : all) {
      var reached = new java.util.HashSet<>(List.of(from.peerId));
      boolean grows = true;
      while (grows) {
        grows = false;
        for (Peer child : all) {
          grows |= child.parents().stream().anyMatch(reached::contains) && reached.add(child.peerId);
        }
      }
      assertThat(reached).as("from %s", from.peerId).hasSize(all.size());
    }
  }
}
