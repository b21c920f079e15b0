package dev.damselfly.fuzz;

import dev.damselfly.api.wire.common.v2.Download;
import dev.damselfly.api.wire.common.v2.Peer;
import dev.damselfly.api.wire.common.v2.Piece;
import dev.damselfly.api.wire.scheduler.v2.AnnouncePeerRequest;
import dev.damselfly.api.wire.scheduler.v2.AnnouncePeerResponse;
import dev.damselfly.api.wire.scheduler.v2.DownloadPeerBackToSourceFailedRequest;
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
import dev.damselfly.scheduler.announce.Announcements;
import io.grpc.stub.StreamObserver;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// One AnnouncePeer stream of an upstream peer.
final class TreeActor implements StreamObserver<AnnouncePeerResponse> {
  static final TreeActor NOBODY = new TreeActor("", 0, 0, 0);
  static final int MAX_PARENTS = 3;

  final String peerId;
  final int host;
  final int task;
  private final long pieceLength;
  private @Nullable StreamObserver<AnnouncePeerRequest> requests;
  private List<String> parents = List.of();
  private boolean over;

  TreeActor(String peerId, int host, int task, long pieceLength) {
    this.peerId = peerId;
    this.host = host;
    this.task = task;
    this.pieceLength = pieceLength;
  }

  private AnnouncePeerRequest.Builder message() {
    return AnnouncePeerRequest.newBuilder()
        .setHostId(SwarmCast.id(host))
        .setPeerId(peerId)
        .setTaskId(SwarmWorld.TASKS.get(task).id().value());
  }

  void open(Announcements announcements, Download download, int flags) {
    requests = announcements.open(this, SwarmCast.caller(host));
    var asked =
        download.toBuilder().setNeedBackToSource((flags & 1) != 0).setConcurrentPieceCount(1 + flags).setPriorityValue(flags % 7);
    say(message().setRegisterPeerRequest(RegisterPeerRequest.newBuilder().setDownload(asked)));
  }

  private void say(AnnouncePeerRequest.Builder message) {
    if (requests != null && !over) {
      requests.onNext(message.build());
    }
  }

  void say(Script script) {
    var m = message();
    switch (script.next(12)) {
      case 0, 1 -> say(m.setDownloadPeerStartedRequest(DownloadPeerStartedRequest.getDefaultInstance()));
      case 2 ->
          say(m.setDownloadPeerBackToSourceStartedRequest(DownloadPeerBackToSourceStartedRequest.getDefaultInstance()));
      case 3, 4 -> reschedule(m, script.next(4));
      case 5 -> say(m.setDownloadPieceFinishedRequest(DownloadPieceFinishedRequest.newBuilder().setPiece(piece(script))));
      case 6 ->
          say(m.setDownloadPieceBackToSourceFinishedRequest(
              DownloadPieceBackToSourceFinishedRequest.newBuilder().setPiece(piece(script))));
      case 7 -> say(m.setDownloadPeerFinishedRequest(DownloadPeerFinishedRequest.getDefaultInstance()));
      case 8 ->
          say(m.setDownloadPeerBackToSourceFinishedRequest(
              DownloadPeerBackToSourceFinishedRequest.getDefaultInstance()));
      case 9 ->
          say(script.next(2) == 0
              ? m.setDownloadPeerFailedRequest(DownloadPeerFailedRequest.getDefaultInstance())
              : m.setDownloadPeerBackToSourceFailedRequest(DownloadPeerBackToSourceFailedRequest.getDefaultInstance()));
      case 10 ->
          say(m.setDownloadPieceFailedRequest(
              DownloadPieceFailedRequest.newBuilder()
                  .setParentId(parents.isEmpty() ? "nobody" : parents.getFirst())
                  .setTemporary(script.next(2) == 0)));
      default -> hangUp(script.next(3));
    }
  }

  private void reschedule(AnnouncePeerRequest.Builder message, int echoed) {
    var request = ReschedulePeerRequest.newBuilder();
    parents.stream().limit(echoed).forEach(id -> request.addCandidateParents(Peer.newBuilder().setId(id)));
    say(message.setReschedulePeerRequest(request));
  }

  private Piece piece(Script script) {
    int number = script.next(5);
    var piece = Piece.newBuilder().setNumber(number).setOffset(number * pieceLength).setLength(pieceLength);
    return parents.isEmpty() ? piece.build() : piece.setParentId(parents.getFirst()).build();
  }

  private void hangUp(int how) {
    if (requests == null || over) {
      return;
    }
    switch (how) {
      case 0 -> requests.onCompleted();
      case 1 -> {
        over = true;
        requests.onError(new IllegalStateException("gone"));
      }
      default -> say(message().setPeerId(peerId + "-other").setDownloadPeerStartedRequest(
          DownloadPeerStartedRequest.getDefaultInstance()));
    }
  }

  @Override
  public void onNext(AnnouncePeerResponse response) {
    Script.check(!over, "an answer after the end of the stream");
    if (response.hasNormalTaskResponse()) {
      var named = new ArrayList<String>();
      response.getNormalTaskResponse().getCandidateParentsList().forEach(parent -> named.add(parent.getId()));
      parents = named;
      Script.check(!named.isEmpty() && named.size() <= MAX_PARENTS, "no parents, or too many");
      Script.check(!named.contains(peerId), "a peer is its own parent");
    }
  }

  @Override
  public void onError(Throwable t) {
    over = true;
  }

  @Override
  public void onCompleted() {
    over = true;
  }
}
