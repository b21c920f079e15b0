package dev.damselfly.peer.transfer;

import com.google.protobuf.ByteString;
import dev.damselfly.api.id.PieceNumber;
import dev.damselfly.peer.content.Attestation;
import dev.damselfly.peer.store.IncomingPiece;
import dev.damselfly.peer.store.VerifiedPiece;
import java.util.List;

/// One connection to one parent for one task. Thread-safe.
public interface ParentLink extends AutoCloseable {
  ParentRef parent();

  /// Asks for a piece; replies come in the order of requests. The sink belongs to the link until the listener got
  /// `received` or `failed` for it; the link never closes it. A link that is over answers with `failed`.
  ///
  /// @throws IllegalArgumentException when number or length of attestation and sink disagree
  /// @throws IllegalStateException above 256 requests without an answer
  void request(Attestation expected, IncomingPiece sink);

  /// Gives a request up: the listener gets `failed` with WITHDRAWN for it, and what still arrives of it is dropped. The
  /// link stays; the request counts until its answer is here. Nothing happens when it was answered already.
  void withdraw(PieceNumber number);

  /// Shows the parent a newer grant for the same task, before the first one expires.
  void renewGrant(ByteString grant);

  /// Requests without an answer yet.
  int inFlight();

  /// Measured bytes per second of the recent past; 0 while unknown.
  long rate();

  @Override
  void close();

  /// Told what happens on a link. Calls for one link are serial, come from worker threads, and may block briefly.
  interface Listener {
    /// The parent accepted the grant.
    void ready(ParentLink link);

    /// The parent holds these pieces (its claim).
    void have(ParentLink link, List<PieceNumber> numbers);

    /// The piece arrived and its digest is the attested one.
    void received(ParentLink link, VerifiedPiece piece);

    /// The piece did not arrive; the sink was not closed.
    void failed(ParentLink link, PieceNumber number, Failure failure);

    /// The link is over; requests without an answer were reported as failed before.
    void closed(ParentLink link, Failure failure);
  }

  /// Why a request or a link failed.
  enum Failure {
    /// The parent does not have the piece (any more).
    NOT_FOUND,
    /// Bytes arrived that are not what was attested; the parent is to blame.
    WRONG_BYTES,
    /// A frame broke the protocol; the parent is to blame.
    PROTOCOL_BROKEN,
    /// Below the minimum rate, or silent for too long.
    STALLED,
    /// Grant or identity refused.
    REFUSED,
    /// No connection, or it broke.
    UNREACHABLE,
    /// Our own disk.
    LOCAL_DISK,
    /// We gave the request up.
    WITHDRAWN,
    /// Closed by us.
    CLOSED
  }
}
