package dev.damselfly.scheduler.swarm;

import com.google.protobuf.ByteString;
import dev.damselfly.api.id.Sha256;
import dev.damselfly.api.wire.common.v2.Download;
import dev.damselfly.api.wire.damselfly.v1.ContentFacts;
import dev.damselfly.api.wire.damselfly.v1.HeldPiece;
import dev.damselfly.api.wire.damselfly.v1.JoinEvent;
import dev.damselfly.api.wire.damselfly.v1.JoinRequest;
import dev.damselfly.api.wire.damselfly.v1.LeaseGranted;
import dev.damselfly.api.wire.damselfly.v1.LeaseWanted;
import dev.damselfly.api.wire.damselfly.v1.Parent;
import dev.damselfly.api.wire.damselfly.v1.PiecesHeld;
import dev.damselfly.api.wire.damselfly.v1.Register;
import dev.damselfly.authz.identity.Role;
import dev.damselfly.scheduler.boot.Harness;
import dev.damselfly.scheduler.boot.Talk;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.NullMarked;

/// A Damselfly peer with its Join stream in the swarm of one file.
@NullMarked
final class Peer {
  static final int PIECES = 12;
  static final long PIECE = 4 * Harness.MIB;
  static final Download FILE = Harness.download("http://origin/f", PIECES);
  static final ContentFacts FACTS =
      ContentFacts.newBuilder().setContentLength(PIECES * PIECE).setPieceLength(PIECE).setEtag("\"v1\"").setRanges(true).build();

  final Harness scheduler;
  final String name;
  final String hostId;
  final String peerId;
  final Talk<JoinRequest, JoinEvent> talk;

  Peer(Harness scheduler, String name, Role role, UnaryOperator<Register.Builder> change) {
    this(scheduler, name, role, change, false);
  }

  Peer(Harness scheduler, String name, Role role, UnaryOperator<Register.Builder> change, boolean deaf) {
    this.scheduler = scheduler;
    this.name = name;
    this.hostId = scheduler.announce(name, role);
    this.peerId = hostId + "-1";
    this.talk =
        deaf
            ? Talk.openDeaf(out -> scheduler.swarm(name).join(out))
            : Talk.open(out -> scheduler.swarm(name).join(out));
    var register = Register.newBuilder().setHostId(hostId).setPeerId(peerId).setTaskId(Harness.taskId(FILE).value())
        .setDownload(FILE).setContent(FACTS).setMayUseOrigin(true).setPiecePort(4005);
    say(m -> m.setRegister(change.apply(register)));
  }

  void say(UnaryOperator<JoinRequest.Builder> message) {
    talk.say(message.apply(JoinRequest.newBuilder()).build());
  }

  void want(int pieces) {
    say(m -> m.setLeaseWanted(LeaseWanted.newBuilder().setPieces(pieces)));
  }

  void brought(long lease, int number, String content) {
    say(m -> m.setHeld(PiecesHeld.newBuilder().addPieces(piece(number, content).setFromOrigin(true).setLeaseId(lease))));
  }

  void got(int number, String content, String parent) {
    say(m -> m.setHeld(PiecesHeld.newBuilder().addPieces(piece(number, content).setParentPeerId(parent))));
  }

  List<LeaseGranted> leases() {
    return talk.heard().stream().filter(JoinEvent::hasLease).map(JoinEvent::getLease).toList();
  }

  /// Those that it has now.
  List<String> parents() {
    var now = new java.util.LinkedHashSet<String>();
    for (JoinEvent event : talk.heard()) {
      event.getParents().getRemovedPeerIdsList().forEach(now::remove);
      event.getParents().getAddedList().forEach(parent -> now.add(parent.getPeerId()));
    }
    return List.copyOf(now);
  }

  List<Parent> parentsAdded() {
    return talk.heard().stream().flatMap(e -> e.getParents().getAddedList().stream()).toList();
  }

  List<String> parentsRemoved() {
    return talk.heard().stream().flatMap(e -> e.getParents().getRemovedPeerIdsList().stream()).toList();
  }

  List<Integer> attested() {
    return talk.heard().stream().flatMap(e -> e.getAttested().getPiecesList().stream()).map(p -> p.getNumber()).toList();
  }

  List<Integer> quarantined() {
    return talk.heard().stream().flatMap(e -> e.getQuarantined().getNumbersList().stream()).toList();
  }

  static HeldPiece.Builder piece(int number, String content) {
    return HeldPiece.newBuilder().setNumber(number).setLength(PIECE).setSha256(sha(content));
  }

  static ByteString sha(String content) {
    return ByteString.copyFrom(Sha256.newDigest().digest(content.getBytes(StandardCharsets.UTF_8)));
  }
}
