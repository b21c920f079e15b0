package dev.damselfly.peer.swarm;

import dev.damselfly.api.error.Field;
import dev.damselfly.api.error.RequestFailure.Malformed;
import dev.damselfly.api.id.HostPort;
import dev.damselfly.api.id.PieceNumber;
import dev.damselfly.api.id.Sha256;
import dev.damselfly.api.id.TaskId;
import dev.damselfly.api.wire.damselfly.v1.AttestedPiece;
import dev.damselfly.api.wire.damselfly.v1.HeldPiece;
import dev.damselfly.api.wire.damselfly.v1.JoinEvent;
import dev.damselfly.api.wire.damselfly.v1.LeaseGranted;
import dev.damselfly.api.wire.damselfly.v1.Parent;
import dev.damselfly.api.wire.damselfly.v1.ParentsChanged;
import dev.damselfly.authz.identity.SpiffeId;
import dev.damselfly.peer.content.Attestation;
import dev.damselfly.peer.content.ContentFacts;
import dev.damselfly.peer.content.PieceRecord;
import dev.damselfly.peer.content.PieceSource;
import dev.damselfly.peer.transfer.ParentRef;
import com.google.protobuf.ByteString;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.function.Function;

/// Between messages of the swarm service and values. Pure; a message that breaks a rule is refused whole.
final class SwarmWire {
  static final int MAX_PIECES = 65_536;
  static final int MAX_PARENTS = 256;
  private static final int MAX_GRANT = 8192;
  private static final int MAX_TEXT = 1024;
  private static final Duration MAX_LEASE = Duration.ofHours(3);

  private SwarmWire() {}

  /// @throws Malformed naming the field
  static SwarmEvent event(TaskId task, JoinEvent message) {
    return switch (message.getEventCase()) {
      case REGISTERED -> new SwarmEvent.Registered(
          message.getRegistered().hasContent()
              ? Optional.of(facts("registered.content", message.getRegistered().getContent()))
              : Optional.empty());
      case CONTENT -> new SwarmEvent.Content(facts("content", message.getContent()));
      case ATTESTED -> new SwarmEvent.Attested(
          all("attested.pieces", message.getAttested().getPiecesList(), MAX_PIECES, SwarmWire::attestation));
      case PARENTS -> parents(task, message.getParents());
      case LEASE -> lease(message.getLease());
      case LEASE_REVOKED -> new SwarmEvent.LeaseRevoked(message.getLeaseRevoked().getLeaseId());
      case QUARANTINED -> new SwarmEvent.Quarantined(numbers("quarantined.numbers", message.getQuarantined().getNumbersList()));
      case EVENT_NOT_SET -> throw new Malformed("event", "must be set");
    };
  }

  static ContentFacts facts(String name, dev.damselfly.api.wire.damselfly.v1.ContentFacts facts) {
    return Field.parse(
        name,
        () ->
            new ContentFacts(
                facts.hasContentLength() ? OptionalLong.of(facts.getContentLength()) : OptionalLong.empty(),
                facts.getPieceLength(),
                facts.getEtag(),
                facts.getLastModified(),
                facts.getRanges()));
  }

  static dev.damselfly.api.wire.damselfly.v1.ContentFacts facts(ContentFacts facts) {
    var message =
        dev.damselfly.api.wire.damselfly.v1.ContentFacts.newBuilder()
            .setPieceLength(facts.pieceLength())
            .setEtag(facts.etag())
            .setLastModified(facts.lastModified())
            .setRanges(facts.ranges());
    facts.contentLength().ifPresent(message::setContentLength);
    return message.build();
  }

  static HeldPiece held(PieceRecord piece) {
    var message =
        HeldPiece.newBuilder()
            .setNumber(piece.number().value())
            .setLength(piece.range().length())
            .setSha256(ByteString.copyFrom(piece.sha256().bytes()));
    switch (piece.source()) {
      case PieceSource.Origin origin -> message.setFromOrigin(true).setLeaseId(origin.leaseId());
      case PieceSource.Parent parent -> message.setParentPeerId(parent.peerId());
      case PieceSource.Legacy _ -> {} // neither: nobody's word
    }
    return message.build();
  }

  private static Attestation attestation(AttestedPiece piece) {
    if (piece.getLength() <= 0 || piece.getAttester().length() > SpiffeId.MAX) {
      throw new Malformed("attested.pieces", "a piece has at least one byte and a SPIFFE ID that attests it");
    }
    return new Attestation(
        PieceNumber.fromUint32(piece.getNumber()),
        piece.getLength(),
        Sha256.of(piece.getSha256().toByteArray()),
        piece.getAttester(),
        piece.getLeaseId());
  }

  private static SwarmEvent parents(TaskId task, ParentsChanged message) {
    bounded("parents.removed_peer_ids", message.getRemovedPeerIdsCount(), MAX_PARENTS);
    return new SwarmEvent.Parents(
        all("parents.added", message.getAddedList(), MAX_PARENTS, parent -> parent(task, parent)),
        List.copyOf(message.getRemovedPeerIdsList()));
  }

  private static ParentRef parent(TaskId task, Parent parent) {
    boolean sound =
        !parent.getPeerId().isEmpty()
            && parent.getPeerId().length() <= MAX_TEXT
            && parent.getGrant().size() <= MAX_GRANT
            && parent.getReason().length() <= MAX_TEXT;
    if (!sound) {
      throw new Malformed("parents.added", "a parent has an id, a grant of at most 8 KiB and a reason of at most 1024");
    }
    return new ParentRef(
        task,
        parent.getPeerId(),
        SpiffeId.parse(parent.getSpiffeId()),
        new HostPort(parent.getIp(), parent.getPiecePort()),
        parent.getGrant(),
        parent.getReason());
  }

  private static SwarmEvent lease(LeaseGranted lease) {
    Duration deadline = Duration.ofSeconds(lease.getDeadline().getSeconds(), lease.getDeadline().getNanos());
    if (lease.getLeaseId() == 0 || deadline.isNegative() || deadline.compareTo(MAX_LEASE) > 0) {
      throw new Malformed("lease", "a lease has an id and a deadline of at most 3 h");
    }
    List<PieceNumber> numbers = numbers("lease.numbers", lease.getNumbersList());
    if (numbers.isEmpty() != lease.getWhole()) {
      throw new Malformed("lease.numbers", "a lease names pieces or is for the whole content");
    }
    return new SwarmEvent.Leased(lease.getLeaseId(), numbers, lease.getWhole(), deadline);
  }

  private static List<PieceNumber> numbers(String name, List<Integer> numbers) {
    return all(name, numbers, MAX_PIECES, PieceNumber::fromUint32);
  }

  private static <M, V> List<V> all(String name, List<M> messages, int max, Function<M, V> value) {
    bounded(name, messages.size(), max);
    return Field.parse(name, () -> messages.stream().map(value).toList());
  }

  private static void bounded(String name, int size, int max) {
    if (size > max) {
      throw new Malformed(name, "has at most " + max + " entries");
    }
  }
}
