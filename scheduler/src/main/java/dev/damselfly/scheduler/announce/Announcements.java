package dev.damselfly.scheduler.announce;

import dev.damselfly.api.error.RequestFailure;
import dev.damselfly.api.wire.scheduler.v2.AnnouncePeerRequest;
import dev.damselfly.api.wire.scheduler.v2.AnnouncePeerResponse;
import dev.damselfly.authz.identity.Caller;
import dev.damselfly.scheduler.cluster.Cluster;
import dev.damselfly.scheduler.host.Hosts;
import dev.damselfly.scheduler.seed.Seeds;
import dev.damselfly.scheduler.stream.Sink;
import dev.damselfly.scheduler.task.Tasks;
import dev.damselfly.scheduler.time.Timer;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import java.util.random.RandomGenerator;

/// The AnnouncePeer call: one session per stream. Thread-safe.
public final class Announcements {
  private final Scope scope;

  /// What every session works with.
  public record Scope(
      Hosts hosts,
      Tasks tasks,
      Cluster cluster,
      Seeds seeds,
      Timer timer,
      RandomGenerator random,
      AnnounceConfig config) {}

  public Announcements(Scope scope) {
    this.scope = scope;
  }

  public StreamObserver<AnnouncePeerRequest> open(StreamObserver<AnnouncePeerResponse> out, Caller caller) {
    var session = new AnnounceSession(scope, caller, Sink.of(out));
    if (out instanceof ServerCallStreamObserver<AnnouncePeerResponse> call) {
      call.setOnCancelHandler(session::lost);
      call.setOnCloseHandler(session::closed);
      call.setOnReadyHandler(session::ready);
    }
    return new StreamObserver<>() {
      @Override
      public void onNext(AnnouncePeerRequest request) {
        try {
          session.receive(request);
        } catch (RequestFailure e) {
          session.fail(e);
        }
      }

      @Override
      public void onError(Throwable t) {
        session.lost();
      }

      @Override
      public void onCompleted() {
        session.halfClosed();
      }
    };
  }
}
