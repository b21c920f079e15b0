package dev.damselfly.peer.upload;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.damselfly.api.error.GrpcErrors;
import dev.damselfly.api.error.RequestFailure;
import dev.damselfly.api.wire.dfdaemon.v2.DownloadTaskResponse;
import io.grpc.stub.ServerCallStreamObserver;

/// A download's progress on a gRPC stream. Thread-safe.
final class RpcTaskStream implements DownloadTaskStream {
  private final ServerCallStreamObserver<DownloadTaskResponse> out;
  private final Object lock = new Object();

  @GuardedBy("lock")
  private boolean over;

  @GuardedBy("lock")
  private boolean gone;

  @GuardedBy("lock")
  private Runnable action = () -> {};

  RpcTaskStream(ServerCallStreamObserver<DownloadTaskResponse> out) {
    this.out = out;
    out.setOnCancelHandler(this::cancelled);
  }

  @Override
  public void progress(DownloadTaskResponse message) {
    synchronized (lock) { // gRPC observers are not thread-safe, and only queue the message
      if (!over && out.isReady()) {
        out.onNext(message);
      }
    }
  }

  @Override
  public void done() {
    if (finish()) {
      out.onCompleted();
    }
  }

  @Override
  public void failed(RequestFailure failure) {
    if (finish()) {
      out.onError(GrpcErrors.toStatus(failure));
    }
  }

  @Override
  public void onGone(Runnable whenGone) {
    boolean now;
    synchronized (lock) {
      now = gone;
      action = whenGone;
    }
    if (now) {
      whenGone.run();
    }
  }

  private boolean finish() {
    synchronized (lock) {
      boolean first = !over;
      over = true;
      return first;
    }
  }

  private void cancelled() {
    Runnable told;
    synchronized (lock) {
      over = true;
      gone = true;
      told = action;
    }
    told.run();
  }
}
