package dev.damselfly.peer.swarm;

import dev.damselfly.api.id.PieceNumber;
import dev.damselfly.api.id.Sha256;
import dev.damselfly.api.wire.damselfly.v1.LeaseReturned;
import dev.damselfly.api.wire.damselfly.v1.Left;
import dev.damselfly.api.wire.damselfly.v1.ParentLost;
import dev.damselfly.peer.content.ContentFacts;
import dev.damselfly.peer.content.PieceRecord;
import java.util.List;

/// This host as a member of the swarm of one task. Thread-safe; nothing here blocks. After the end every call is ignored.
public interface Membership extends AutoCloseable {
  /// Id of this member, new for each membership.
  String peerId();

  void content(ContentFacts facts);

  /// Reports pieces; those that this host read from the origin are attested by it.
  void held(List<PieceRecord> pieces);

  /// Wants to read so many more pieces from the origin, of those that it registered for.
  void wantLease(int pieces);

  /// The same, of `[first, end)` only, from now on.
  void wantLease(int pieces, int first, int end);

  void returnLease(long leaseId, List<PieceNumber> numbers, LeaseReturned.Reason reason);

  void parentLost(String peerId, ParentLost.Reason reason);

  /// The parent's bytes have another digest than the attested one.
  void mismatch(String peerId, PieceNumber number, Sha256 actual);

  void left(Left.Outcome outcome);

  /// Half-closes; the scheduler forgets the member. Idempotent.
  @Override
  void close();
}
