package dev.damselfly.conformance.scheduler;

import com.google.protobuf.Duration;
import com.google.protobuf.Timestamp;
import dev.damselfly.api.wire.common.v2.Peer;
import dev.damselfly.api.wire.common.v2.Piece;
import dev.damselfly.api.wire.common.v2.TrafficType;
import dev.damselfly.api.wire.errordetails.v2.Unknown;
import dev.damselfly.api.wire.scheduler.v2.AnnouncePeerRequest;
import dev.damselfly.api.wire.scheduler.v2.AnnouncePeerResponse;
import dev.damselfly.api.wire.scheduler.v2.DownloadPeerBackToSourceFailedRequest;
import dev.damselfly.api.wire.scheduler.v2.DownloadPeerBackToSourceFinishedRequest;
import dev.damselfly.api.wire.scheduler.v2.DownloadPeerBackToSourceStartedRequest;
import dev.damselfly.api.wire.scheduler.v2.DownloadPeerFailedRequest;
import dev.damselfly.api.wire.scheduler.v2.DownloadPeerFinishedRequest;
import dev.damselfly.api.wire.scheduler.v2.DownloadPeerStartedRequest;
import dev.damselfly.api.wire.scheduler.v2.DownloadPieceBackToSourceFailedRequest;
import dev.damselfly.api.wire.scheduler.v2.DownloadPieceBackToSourceFinishedRequest;
import dev.damselfly.api.wire.scheduler.v2.DownloadPieceFailedRequest;
import dev.damselfly.api.wire.scheduler.v2.ReschedulePeerRequest;
import dev.damselfly.api.wire.scheduler.v2.SchedulerGrpc;
import dev.damselfly.conformance.suite.Mismatch;
import dev.damselfly.conformance.suite.Stage;
import io.grpc.Status;
import io.grpc.stub.StreamObserver;
import java.util.Collection;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;

/// One announce stream of a peer that the suite plays. It never half-closes, as released peers do not.
final class Announcement {
  private static final long PIECE = 4L << 20;

  private final Stage stage;
  private AnnouncePeerRequest ids;
  private final StreamObserver<AnnouncePeerRequest> out;
  private final BlockingQueue<Answer> answers = new LinkedBlockingQueue<>();

  Announcement(Stage stage, SchedulerGrpc.SchedulerStub stub, AnnouncePeerRequest ids) {
    this.stage = stage;
    this.ids = ids;
    this.out = stub.announcePeer(new Incoming());
  }

  String peerId() {
    return ids.getPeerId();
  }

  /// From now on messages carry another peer id.
  Announcement speakAs(String peerId) {
    ids = ids.toBuilder().setPeerId(peerId).build();
    return this;
  }

  /// Sends a message with the ids of this peer.
  Announcement send(AnnouncePeerRequest message) {
    out.onNext(message.toBuilder().setHostId(ids.getHostId()).setTaskId(ids.getTaskId()).setPeerId(ids.getPeerId()).build());
    return this;
  }

  /// The next answer; the end of the stream is one.
  Answer next() throws InterruptedException {
    return stage.await("an answer on the announce stream", answers);
  }

  /// The next answer, which must be a list of parents.
  Answer.Normal normal(String why) throws InterruptedException {
    Answer answer = next();
    if (answer instanceof Answer.Normal normal) {
      return normal;
    }
    throw new Mismatch(why, "NormalTaskResponse", answer.toString());
  }

  Answer.ToOrigin toOrigin(String why) throws InterruptedException {
    Answer answer = next();
    if (answer instanceof Answer.ToOrigin origin) {
      return origin;
    }
    throw new Mismatch(why, "NeedBackToSourceResponse", answer.toString());
  }

  /// The stream must end now.
  Status.Code end(String why) throws InterruptedException {
    Answer answer = next();
    if (answer instanceof Answer.End(Status.Code code)) {
      return code;
    }
    throw new Mismatch(why, "the end of the stream", answer.toString());
  }

  /// Waits for a trigger or an answer, whichever is first.
  ///
  /// @return whether there is a trigger
  boolean triggersOrAnswers(Collection<?> triggers) {
    try {
      stage.eventually(() -> !triggers.isEmpty() || !answers.isEmpty());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    return !triggers.isEmpty();
  }

  boolean isSilent() {
    return answers.isEmpty();
  }

  Announcement started() {
    return send(AnnouncePeerRequest.newBuilder().setDownloadPeerStartedRequest(DownloadPeerStartedRequest.getDefaultInstance()).build());
  }

  Announcement originStarted() {
    return send(
        AnnouncePeerRequest.newBuilder()
            .setDownloadPeerBackToSourceStartedRequest(DownloadPeerBackToSourceStartedRequest.getDefaultInstance())
            .build());
  }

  Announcement finished() {
    return send(AnnouncePeerRequest.newBuilder().setDownloadPeerFinishedRequest(DownloadPeerFinishedRequest.getDefaultInstance()).build());
  }

  Announcement originFinished() {
    return send(
        AnnouncePeerRequest.newBuilder()
            .setDownloadPeerBackToSourceFinishedRequest(DownloadPeerBackToSourceFinishedRequest.getDefaultInstance())
            .build());
  }

  Announcement failed() {
    return send(
        AnnouncePeerRequest.newBuilder()
            .setDownloadPeerFailedRequest(DownloadPeerFailedRequest.newBuilder().setDescription("as scripted"))
            .build());
  }

  Announcement originFailed() {
    send(
        AnnouncePeerRequest.newBuilder()
            .setDownloadPieceBackToSourceFailedRequest(
                DownloadPieceBackToSourceFailedRequest.newBuilder().setUnknown(Unknown.newBuilder().setMessage("as scripted")))
            .build());
    return send(
        AnnouncePeerRequest.newBuilder()
            .setDownloadPeerBackToSourceFailedRequest(
                DownloadPeerBackToSourceFailedRequest.newBuilder().setDescription("as scripted"))
            .build());
  }

  /// A piece was read from the origin and took this long.
  Announcement pieceFromOrigin(int number, long millis) {
    var piece =
        Piece.newBuilder()
            .setNumber(number)
            .setOffset(number * PIECE)
            .setLength(PIECE)
            .setDigest("crc32:3904355907")
            .setTrafficType(TrafficType.BACK_TO_SOURCE)
            .setCost(Duration.newBuilder().setSeconds(millis / 1000).setNanos((int) (millis % 1000) * 1_000_000))
            .setCreatedAt(Timestamp.newBuilder().setSeconds(1_767_225_600));
    return send(
        AnnouncePeerRequest.newBuilder()
            .setDownloadPieceBackToSourceFinishedRequest(DownloadPieceBackToSourceFinishedRequest.newBuilder().setPiece(piece))
            .build());
  }

  Announcement pieceFailed(String parent) {
    return send(
        AnnouncePeerRequest.newBuilder()
            .setDownloadPieceFailedRequest(
                DownloadPieceFailedRequest.newBuilder().setPieceNumber(0).setParentId(parent).setTemporary(true))
            .build());
  }

  /// Asks for other parents, echoing these unchanged.
  Announcement reschedule(List<Peer> parents) {
    return send(
        AnnouncePeerRequest.newBuilder()
            .setReschedulePeerRequest(ReschedulePeerRequest.newBuilder().addAllCandidateParents(parents).setDescription("as scripted"))
            .build());
  }

  private final class Incoming implements StreamObserver<AnnouncePeerResponse> {
    @Override
    public void onNext(AnnouncePeerResponse response) {
      answers.add(Answer.of(response));
    }

    @Override
    public void onError(Throwable t) {
      answers.add(new Answer.End(Status.fromThrowable(t).getCode()));
    }

    @Override
    public void onCompleted() {
      answers.add(new Answer.End(Status.Code.OK));
    }
  }
}
