package dev.damselfly.conformance.counterpart;

import dev.damselfly.api.wire.common.v2.Peer;
import dev.damselfly.api.wire.scheduler.v2.AnnouncePeerRequest;
import dev.damselfly.api.wire.scheduler.v2.AnnouncePeerRequest.RequestCase;
import dev.damselfly.api.wire.scheduler.v2.AnnouncePeerResponse;
import dev.damselfly.api.wire.scheduler.v2.EmptyTaskResponse;
import dev.damselfly.api.wire.scheduler.v2.NeedBackToSourceResponse;
import dev.damselfly.api.wire.scheduler.v2.NormalTaskResponse;
import dev.damselfly.conformance.suite.Stage;
import io.grpc.stub.StreamObserver;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;

/// One announce stream of the peer under test, played by the case. Thread-safe.
public final class Dialog implements StreamObserver<AnnouncePeerRequest> {
  private static final Set<RequestCase> TERMINAL =
      Set.of(
          RequestCase.DOWNLOAD_PEER_FINISHED_REQUEST,
          RequestCase.DOWNLOAD_PEER_BACK_TO_SOURCE_FINISHED_REQUEST,
          RequestCase.DOWNLOAD_PEER_FAILED_REQUEST,
          RequestCase.DOWNLOAD_PEER_BACK_TO_SOURCE_FAILED_REQUEST);

  private final BlockingQueue<AnnouncePeerRequest> requests = new LinkedBlockingQueue<>();
  private final StreamObserver<AnnouncePeerResponse> out;
  private volatile boolean over;

  Dialog(StreamObserver<AnnouncePeerResponse> out) {
    this.out = out;
  }

  /// The next message of the peer.
  public AnnouncePeerRequest next(Stage stage) throws InterruptedException {
    return stage.await("a message of the peer on its announce stream", requests);
  }

  /// Kinds of the messages up to a terminal one, this included; piece reports are counted as one.
  public List<RequestCase> untilTerminal(Stage stage) throws InterruptedException {
    var kinds = new ArrayList<RequestCase>();
    while (true) {
      RequestCase kind = next(stage).getRequestCase();
      if (kinds.isEmpty() || kinds.getLast() != kind) {
        kinds.add(kind);
      }
      if (TERMINAL.contains(kind)) {
        return kinds;
      }
    }
  }

  /// The next message that is no piece report.
  public AnnouncePeerRequest nextStep(Stage stage) throws InterruptedException {
    while (true) {
      AnnouncePeerRequest request = next(stage);
      switch (request.getRequestCase()) {
        case DOWNLOAD_PIECE_FINISHED_REQUEST, DOWNLOAD_PIECE_BACK_TO_SOURCE_FINISHED_REQUEST, DOWNLOAD_PIECE_FAILED_REQUEST -> {}
        default -> {
          return request;
        }
      }
    }
  }

  public void toOrigin() {
    out.onNext(
        AnnouncePeerResponse.newBuilder()
            .setNeedBackToSourceResponse(NeedBackToSourceResponse.newBuilder().setDescription("as scripted"))
            .build());
  }

  public void normal(List<Peer> parents) {
    out.onNext(
        AnnouncePeerResponse.newBuilder()
            .setNormalTaskResponse(NormalTaskResponse.newBuilder().addAllCandidateParents(parents))
            .build());
  }

  public void empty() {
    out.onNext(AnnouncePeerResponse.newBuilder().setEmptyTaskResponse(EmptyTaskResponse.getDefaultInstance()).build());
  }

  /// Ends the stream well, whatever the peer still wants to say.
  public void end() {
    if (!over) {
      over = true;
      out.onCompleted();
    }
  }

  @Override
  public void onNext(AnnouncePeerRequest request) {
    requests.add(request);
    if (TERMINAL.contains(request.getRequestCase())) {
      end();
    }
  }

  @Override
  public void onError(Throwable t) {
    over = true;
  }

  @Override
  public void onCompleted() {
    end();
  }
}
