package dev.damselfly.conformance.reference;

import dev.damselfly.api.wire.common.v2.Peer;
import dev.damselfly.api.wire.dfdaemon.v2.DfdaemonUploadGrpc;
import dev.damselfly.api.wire.dfdaemon.v2.SyncPiecesRequest;
import dev.damselfly.conformance.counterpart.Vortex;
import dev.damselfly.conformance.counterpart.Vortex.Reply;
import dev.damselfly.conformance.link.Endpoint;
import dev.damselfly.conformance.link.Transcript;
import io.grpc.StatusRuntimeException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/// One round of the reference peer with its parents.
final class RefChild {
  private static final int PATIENCE = 30_000;
  private static final int LISTEN_ON = 2_000;

  private record Source(String parent, Endpoint at) {}

  private final ReferencePeer peer;
  private final RefStore.Held held;
  private final Map<Integer, List<Source>> sources = new HashMap<>();

  RefChild(ReferencePeer peer, RefStore.Held held) {
    this.peer = peer;
    this.held = held;
  }

  boolean found() {
    return !sources.isEmpty();
  }

  /// Asks each parent for what it has.
  void collect(List<Peer> parents, List<Integer> wanted) {
    for (Peer parent : parents) {
      var calls =
          DfdaemonUploadGrpc.newBlockingStub(peer.channel(new Endpoint(parent.getHost().getIp(), parent.getHost().getPort())))
              .withDeadlineAfter(PATIENCE, TimeUnit.MILLISECONDS);
      try {
        calls
            .syncPieces(SyncPiecesRequest.newBuilder().setHostId(peer.hostId()).setTaskId(held.id).addAllInterestedPieceNumbers(wanted).build())
            .forEachRemaining(
                piece ->
                    sources
                        .computeIfAbsent(piece.getNumber(), missing -> new ArrayList<>())
                        .add(new Source(parent.getId(), new Endpoint(piece.getIp(), piece.getTcpPort()))));
      } catch (StatusRuntimeException e) {
        // no more from this parent
      }
    }
  }

  /// Fetches a piece from the first parent that serves it well.
  ///
  /// @return the last parent tried; empty when nobody has the piece
  String fetch(int number) throws IOException {
    String last = "";
    for (Source source : sources.getOrDefault(number, List.of())) {
      last = source.parent();
      boolean listensOn = peer.has(Fault.FAILS_ON_EXTRA_BYTES);
      try (Vortex link = Vortex.connect(source.at(), listensOn ? LISTEN_ON : PATIENCE, new Transcript())) {
        Reply reply = link.send(Vortex.request(Vortex.REQUEST, held.id, number)).read();
        if (reply instanceof Reply.Piece piece && isGood(piece, number) && !(listensOn && !(link.read() instanceof Reply.Silence))) {
          held.put(number, piece.content());
          return last;
        }
        boolean over =
            reply instanceof Reply.Closed && peer.has(Fault.GIVES_UP_AFTER_ONE_DEATH)
                || reply instanceof Reply.Refusal && peer.has(Fault.GIVES_UP_AFTER_NOT_FOUND);
        if (over) {
          return last;
        }
      }
    }
    return last;
  }

  private boolean isGood(Reply.Piece piece, int number) {
    boolean size = piece.length() == held.size(number) || peer.has(Fault.ACCEPTS_SHORT_CONTENT);
    boolean digest = RefStore.digest(piece.content()).equals(piece.digest()) || peer.has(Fault.ACCEPTS_WRONG_BYTES) && piece.length() == held.size(number);
    return size && (digest || piece.length() != held.size(number));
  }
}
