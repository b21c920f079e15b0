package dev.damselfly.conformance.peer;

import dev.damselfly.api.wire.common.v2.Piece;
import dev.damselfly.api.wire.dfdaemon.v2.DownloadTaskResponse;
import dev.damselfly.conformance.counterpart.Origin;
import dev.damselfly.conformance.suite.Mismatch;
import dev.damselfly.conformance.suite.Stage;
import io.grpc.Status;
import io.grpc.stub.StreamObserver;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.LinkedBlockingQueue;

/// One download that the peer under test was asked for.
final class Transfer implements StreamObserver<DownloadTaskResponse> {
  private final Stage stage;
  private final List<DownloadTaskResponse> responses = new CopyOnWriteArrayList<>();
  private final LinkedBlockingQueue<DownloadTaskResponse> first = new LinkedBlockingQueue<>();
  private final LinkedBlockingQueue<Status.Code> ends = new LinkedBlockingQueue<>();

  Transfer(Stage stage) {
    this.stage = stage;
  }

  /// Task id of the first response.
  String taskId() throws InterruptedException {
    return stage.await("the first response of DownloadTask", first).getTaskId();
  }

  Status.Code end() throws InterruptedException {
    return stage.await("the end of DownloadTask", ends);
  }

  /// Pieces reported so far, by number.
  List<Piece> pieces() {
    var pieces = new ArrayList<Piece>();
    responses.forEach(
        response -> {
          if (response.hasDownloadPieceFinishedResponse()) {
            pieces.add(response.getDownloadPieceFinishedResponse().getPiece());
          }
        });
    pieces.sort(Comparator.comparingInt(Piece::getNumber));
    return pieces;
  }

  /// Ends well, with exactly these bytes of the origin in its pieces.
  void expectContent(String rule) throws InterruptedException {
    stage.expect(rule + ": status", Status.Code.OK, end());
    for (Piece piece : pieces()) {
      stage.expect(rule + ": digest of piece " + piece.getNumber(), Origin.digest(piece.getOffset(), (int) piece.getLength()), piece.getDigest());
    }
  }

  /// Ends well.
  void expectGood(String rule) throws InterruptedException {
    Status.Code code = end();
    if (code != Status.Code.OK) {
      throw new Mismatch(rule, "OK", code.name());
    }
  }

  @Override
  public void onNext(DownloadTaskResponse response) {
    responses.add(response);
    first.add(response);
  }

  @Override
  public void onError(Throwable t) {
    ends.add(Status.fromThrowable(t).getCode());
  }

  @Override
  public void onCompleted() {
    ends.add(Status.Code.OK);
  }
}
