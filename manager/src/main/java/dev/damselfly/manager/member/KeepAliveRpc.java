package dev.damselfly.manager.member;

import com.google.protobuf.Empty;
import dev.damselfly.api.error.Field;
import dev.damselfly.api.error.Reason;
import dev.damselfly.api.error.RequestFailure;
import dev.damselfly.api.error.RequestFailure.Refused;
import dev.damselfly.api.wire.manager.v2.KeepAliveRequest;
import dev.damselfly.authz.audit.Audit;
import dev.damselfly.authz.audit.AuditAction;
import dev.damselfly.authz.audit.AuditEvent;
import dev.damselfly.authz.identity.Caller;
import dev.damselfly.manager.address.HostName;
import dev.damselfly.manager.address.IpAddress;
import dev.damselfly.manager.cluster.ClusterId;
import dev.damselfly.manager.cluster.Clusters;
import dev.damselfly.manager.cluster.SeedClusterId;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// Adapter of `KeepAlive`. The first message opens the row, every message must name the same one, and the end of the
/// stream for any reason closes it.
public final class KeepAliveRpc {
  private final Clusters clusters;
  private final LiveRows schedulers;
  private final LiveRows seeds;
  private final Audit audit;
  private final Denials denials;

  public KeepAliveRpc(Clusters clusters, LiveRows schedulers, LiveRows seeds, Audit audit, Denials denials) {
    this.clusters = clusters;
    this.schedulers = schedulers;
    this.seeds = seeds;
    this.audit = audit;
    this.denials = denials;
  }

  public StreamObserver<KeepAliveRequest> keepAlive(Caller caller, StreamObserver<Empty> out) {
    var stream = new Stream(caller, out);
    if (out instanceof ServerCallStreamObserver<Empty> call) {
      call.setOnCloseHandler(stream::end); // also when a check before us refuses a message: then nobody calls onError
    }
    return stream;
  }

  private Place place(Caller caller, KeepAliveRequest request) {
    long cluster =
        switch (caller.role()) {
          case SCHEDULER -> {
            var id = Field.parse("cluster_id", () -> new ClusterId(request.getClusterId()));
            yield clusters.requireOwn(caller, id).id().value();
          }
          case SEED_PEER -> {
            var id = Field.parse("cluster_id", () -> new SeedClusterId(request.getClusterId()));
            yield clusters.requireOwn(caller, id).seeds().value();
          }
          case MANAGER, PEER, OPERATOR, LEGACY, LOCAL, LOCAL_OPERATOR ->
              throw new Refused(Reason.CALLER_NOT_ALLOWED, "only members keep alive");
        };
    var host = Field.parse("hostname", () -> new HostName(request.getHostname()));
    Optional<IpAddress> ip =
        request.getIp().isEmpty()
            ? Optional.empty()
            : Optional.of(Field.parse("ip", () -> IpAddress.parse(request.getIp())));
    return new Place(cluster, host, ip);
  }

  private LiveRows rowsOf(Caller caller) {
    return switch (caller.role()) {
      case SEED_PEER -> seeds;
      case SCHEDULER, MANAGER, PEER, OPERATOR, LEGACY, LOCAL, LOCAL_OPERATOR -> schedulers;
    };
  }

  private void record(AuditAction action, Caller caller, Place place) {
    audit.record(
        new AuditEvent(
            action,
            caller.id().toString(),
            "host:" + place.host(),
            AuditEvent.Decision.DONE,
            "",
            caller.remote().toString(),
            Map.of("step", "keep-alive")));
  }

  /// Called by one thread at a time, in the order of the stream.
  private final class Stream implements StreamObserver<KeepAliveRequest> {
    private final Caller caller;
    private final StreamObserver<Empty> out;
    private @Nullable Place place;
    private LiveRows.@Nullable Session session;
    private boolean over;

    private Stream(Caller caller, StreamObserver<Empty> out) {
      this.caller = caller;
      this.out = out;
    }

    @Override
    public void onNext(KeepAliveRequest request) {
      if (over) {
        return; // sent before the caller saw the refusal
      }
      try {
        hear(place(caller, request));
      } catch (RuntimeException e) {
        end();
        if (e instanceof RequestFailure failure) {
          denials.note(caller, "KeepAlive", failure);
        }
        throw e;
      }
    }

    private void hear(Place named) {
      if (session != null) {
        if (!named.equals(place)) {
          throw new Refused(Reason.CALLER_NOT_ALLOWED, "a stream speaks for one host only");
        }
        session.beat();
        return;
      }
      record(AuditAction.PEER_JOIN, caller, named);
      place = named;
      session = rowsOf(caller).begin(caller.id(), named);
    }

    @Override
    public void onError(Throwable cause) {
      end();
    }

    @Override
    public void onCompleted() {
      if (over) {
        return; // the call was ended by a refusal
      }
      end();
      out.onNext(Empty.getDefaultInstance());
      out.onCompleted();
    }

    private void end() {
      over = true;
      var ending = session;
      var left = place;
      session = null;
      if (ending != null && left != null) {
        ending.end();
        record(AuditAction.PEER_LEAVE, caller, left);
      }
    }
  }
}
