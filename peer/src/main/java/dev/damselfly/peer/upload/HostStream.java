package dev.damselfly.peer.upload;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.damselfly.api.wire.common.v2.Host;
import io.grpc.stub.ServerCallStreamObserver;

/// One SyncHost stream. Thread-safe. A sample that the caller does not take in time is dropped.
final class HostStream {
  private final ServerCallStreamObserver<Host> out;
  private final Object lock = new Object();

  @GuardedBy("lock")
  private boolean gone;

  @GuardedBy("lock")
  private Runnable stop = () -> {};

  HostStream(ServerCallStreamObserver<Host> out) {
    this.out = out;
  }

  void start(HostPulse pulse) {
    out.setOnCancelHandler(this::cancelled);
    Runnable end = pulse.listen(this::send);
    boolean already;
    synchronized (lock) {
      stop = end;
      already = gone;
    }
    if (already) {
      end.run();
    }
  }

  private void send(Host host) {
    synchronized (lock) { // gRPC observers are not thread-safe, and only queue the message
      if (!gone && out.isReady()) {
        out.onNext(host);
      }
    }
  }

  private void cancelled() {
    Runnable end;
    synchronized (lock) {
      gone = true;
      end = stop;
    }
    end.run();
  }
}
