package dev.damselfly.conformance.reference;

import com.google.protobuf.Duration;
import com.google.protobuf.Timestamp;
import dev.damselfly.api.wire.common.v2.Download;
import dev.damselfly.api.wire.common.v2.Peer;
import dev.damselfly.api.wire.common.v2.Piece;
import dev.damselfly.api.wire.common.v2.TrafficType;
import dev.damselfly.api.wire.scheduler.v2.AnnouncePeerRequest;
import dev.damselfly.api.wire.scheduler.v2.AnnouncePeerResponse;
import dev.damselfly.api.wire.scheduler.v2.DownloadPeerBackToSourceFinishedRequest;
import dev.damselfly.api.wire.scheduler.v2.DownloadPeerBackToSourceStartedRequest;
import dev.damselfly.api.wire.scheduler.v2.DownloadPeerFailedRequest;
import dev.damselfly.api.wire.scheduler.v2.DownloadPeerFinishedRequest;
import dev.damselfly.api.wire.scheduler.v2.DownloadPeerStartedRequest;
import dev.damselfly.api.wire.scheduler.v2.DownloadPieceBackToSourceFinishedRequest;
import dev.damselfly.api.wire.scheduler.v2.DownloadPieceFailedRequest;
import dev.damselfly.api.wire.scheduler.v2.DownloadPieceFinishedRequest;
import dev.damselfly.api.wire.scheduler.v2.RegisterPeerRequest;
import dev.damselfly.api.wire.scheduler.v2.ReschedulePeerRequest;
import io.grpc.stub.StreamObserver;
import java.io.IOException;
import java.util.List;
import java.util.Objects;
import java.util.UUID;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/// The announce stream of one download of the reference peer.
final class RefSwarm {
  private static final int MOST_ANSWERS = 5;
  private static final AnnouncePeerResponse END = AnnouncePeerResponse.getDefaultInstance();

  private final ReferencePeer peer;
  private final RefDownload session;
  private final Download download;
  private final RefStore.Held held;
  private final List<Integer> wanted;
  private final String peerId;
  private final LinkedBlockingQueue<AnnouncePeerResponse> answers = new LinkedBlockingQueue<>();
  private final StreamObserver<AnnouncePeerRequest> out;
  private boolean hadParents;

  RefSwarm(ReferencePeer peer, RefDownload session, Download download, RefStore.Held held, List<Integer> wanted) {
    this.peer = peer;
    this.session = session;
    this.download = download;
    this.held = held;
    this.wanted = wanted;
    this.peerId = peer.hostId() + "-" + UUID.randomUUID();
    this.out = peer.scheduler(held.id).announcePeer(new Answers());
  }

  void run() throws IOException, InterruptedException {
    var facts =
        download.toBuilder()
            .setActualContentLength(held.length)
            .setActualPieceLength(RefIds.pieceLength(held.length, peer.faults()))
            .setActualPieceCount(pieces());
    send(AnnouncePeerRequest.newBuilder().setRegisterPeerRequest(RegisterPeerRequest.newBuilder().setDownload(facts)));
    for (int answered = 1; ; answered++) {
      AnnouncePeerResponse answer = Objects.requireNonNullElse(answers.poll(60, TimeUnit.SECONDS), END);
      if (answered > MOST_ANSWERS && !answer.equals(END) && !peer.has(Fault.NEVER_GIVES_UP)) {
        send(AnnouncePeerRequest.newBuilder().setDownloadPeerFailedRequest(DownloadPeerFailedRequest.newBuilder().setDescription("too many answers")));
        break;
      }
      if (step(answer)) {
        break;
      }
    }
    session.fetchAtOrigin(held, wanted, false, download);
  }

  private long pieces() {
    long length = RefIds.pieceLength(held.length, peer.faults());
    return (held.length + length - 1) / length;
  }

  /// @return whether the stream is over
  private boolean step(AnnouncePeerResponse answer) throws IOException, InterruptedException {
    return switch (answer.getResponseCase()) {
      case NEED_BACK_TO_SOURCE_RESPONSE -> {
        origin();
        yield true;
      }
      case NORMAL_TASK_RESPONSE -> round(answer.getNormalTaskResponse().getCandidateParentsList());
      case EMPTY_TASK_RESPONSE -> {
        if (!peer.has(Fault.EMPTY_WITHOUT_STARTED)) {
          started();
        }
        finished();
        yield true;
      }
      default -> {
        if (peer.has(Fault.FAILS_ON_EARLY_END)) {
          throw new IOException("the stream ended");
        }
        yield true;
      }
    };
  }

  private void origin() throws IOException, InterruptedException {
    if (peer.has(Fault.SAYS_STARTED_BEFORE_ORIGIN) && !hadParents) {
      started();
    }
    send(AnnouncePeerRequest.newBuilder().setDownloadPeerBackToSourceStartedRequest(DownloadPeerBackToSourceStartedRequest.getDefaultInstance()));
    for (int number : wanted) {
      if (held.get(number) == null) {
        session.originPiece(held, number, download, false);
        send(
            AnnouncePeerRequest.newBuilder()
                .setDownloadPieceBackToSourceFinishedRequest(
                    DownloadPieceBackToSourceFinishedRequest.newBuilder().setPiece(piece(number, "", TrafficType.BACK_TO_SOURCE))));
      }
    }
    send(AnnouncePeerRequest.newBuilder().setDownloadPeerBackToSourceFinishedRequest(DownloadPeerBackToSourceFinishedRequest.getDefaultInstance()));
  }

  private boolean round(List<Peer> parents) throws IOException, InterruptedException {
    if (!hadParents || !peer.has(Fault.STARTED_ONLY_ONCE)) {
      started();
    }
    hadParents = true;
    var children = new RefChild(peer, held);
    children.collect(parents, wanted);
    for (int number : wanted) {
      if (held.get(number) != null) {
        continue;
      }
      String source = children.fetch(number);
      if (held.get(number) != null) {
        if (!peer.has(Fault.OMITS_PIECE_REPORTS)) {
          send(AnnouncePeerRequest.newBuilder().setDownloadPieceFinishedRequest(DownloadPieceFinishedRequest.newBuilder().setPiece(piece(number, source, TrafficType.REMOTE_PEER))));
        }
      } else if (!source.isEmpty() && !peer.has(Fault.HIDES_PIECE_FAILURES)) {
        send(AnnouncePeerRequest.newBuilder().setDownloadPieceFailedRequest(DownloadPieceFailedRequest.newBuilder().setPieceNumber(number).setParentId(source).setTemporary(true)));
      }
    }
    if (wanted.stream().allMatch(number -> held.get(number) != null)) {
      finished();
      return true;
    }
    boolean changed = peer.has(Fault.ECHOES_CHANGED_PARENTS) && parents.size() == 1 && children.found();
    List<Peer> echoed = changed ? parents.stream().map(parent -> parent.toBuilder().clearState().build()).toList() : parents;
    send(AnnouncePeerRequest.newBuilder().setReschedulePeerRequest(ReschedulePeerRequest.newBuilder().addAllCandidateParents(echoed)));
    return false;
  }

  private Piece piece(int number, String parent, TrafficType traffic) {
    var piece =
        Piece.newBuilder()
            .setNumber(number)
            .setOffset((long) number * RefStore.PIECE)
            .setLength(held.size(number))
            .setDigest(RefStore.digest(Objects.requireNonNull(held.get(number))))
            .setTrafficType(traffic)
            .setCost(Duration.newBuilder().setNanos(1_000_000))
            .setCreatedAt(Timestamp.newBuilder().setSeconds(1_767_225_600));
    return parent.isEmpty() ? piece.build() : piece.setParentId(parent).build();
  }

  private void started() {
    send(AnnouncePeerRequest.newBuilder().setDownloadPeerStartedRequest(DownloadPeerStartedRequest.getDefaultInstance()));
  }

  private void finished() {
    send(AnnouncePeerRequest.newBuilder().setDownloadPeerFinishedRequest(DownloadPeerFinishedRequest.getDefaultInstance()));
  }

  private void send(AnnouncePeerRequest.Builder message) {
    out.onNext(message.setHostId(peer.hostId()).setTaskId(held.id).setPeerId(peerId).build());
  }

  private final class Answers implements StreamObserver<AnnouncePeerResponse> {
    @Override
    public void onNext(AnnouncePeerResponse answer) {
      answers.add(answer);
    }

    @Override
    public void onError(Throwable t) {
      answers.add(END);
    }

    @Override
    public void onCompleted() {
      answers.add(END);
    }
  }
}
