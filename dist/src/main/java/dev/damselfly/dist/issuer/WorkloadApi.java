package dev.damselfly.dist.issuer;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import com.google.protobuf.ByteString;
import dev.damselfly.authz.identity.SpiffeId;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import io.spiffe.workloadapi.grpc.SpiffeWorkloadAPIGrpc;
import io.spiffe.workloadapi.grpc.Workload;
import java.time.Duration;
import java.util.HashSet;
import java.util.Set;

/// The X.509 profile of the Workload API for one identity. Each open stream gets the whole state now and at each renewal.
final class WorkloadApi extends SpiffeWorkloadAPIGrpc.SpiffeWorkloadAPIImplBase {
  private static final int MAX_STREAMS = 64;

  private final DevelopmentCa ca;
  private final SpiffeId id;
  private final Duration life;

  @GuardedBy("this")
  private final Set<ServerCallStreamObserver<Workload.X509SVIDResponse>> streams = new HashSet<>();

  @GuardedBy("this")
  private Workload.X509SVIDResponse current;

  WorkloadApi(DevelopmentCa ca, SpiffeId id, Duration life) {
    this.ca = ca;
    this.id = id;
    this.life = life;
    this.current = issue();
  }

  @Override
  public void fetchX509SVID(Workload.X509SVIDRequest request, StreamObserver<Workload.X509SVIDResponse> out) {
    var stream = (ServerCallStreamObserver<Workload.X509SVIDResponse>) out;
    synchronized (this) {
      if (streams.size() >= MAX_STREAMS) {
        out.onError(io.grpc.Status.RESOURCE_EXHAUSTED.withDescription("too many streams").asRuntimeException());
        return;
      }
      streams.add(stream);
      stream.setOnCancelHandler(() -> forget(stream));
      stream.onNext(current);
    }
  }

  @Override
  public void fetchX509Bundles(Workload.X509BundlesRequest request, StreamObserver<Workload.X509BundlesResponse> out) {
    out.onNext(
        Workload.X509BundlesResponse.newBuilder()
            .putBundles("spiffe://" + id.trustDomain(), ByteString.copyFrom(ca.certificateDer()))
            .build());
    // the stream stays open: the authority never changes while this process lives
  }

  /// A new SVID for everybody who listens.
  synchronized void renew() {
    current = issue();
    for (var stream : streams) {
      if (!stream.isCancelled()) {
        stream.onNext(current);
      }
    }
  }

  private synchronized void forget(ServerCallStreamObserver<Workload.X509SVIDResponse> stream) {
    streams.remove(stream);
  }

  private Workload.X509SVIDResponse issue() {
    var svid = ca.issue(id, life);
    return Workload.X509SVIDResponse.newBuilder()
        .addSvids(
            Workload.X509SVID.newBuilder()
                .setSpiffeId(svid.id().toString())
                .setX509Svid(ByteString.copyFrom(svid.certificateDer()))
                .setX509SvidKey(ByteString.copyFrom(svid.key().getEncoded()))
                .setBundle(ByteString.copyFrom(ca.certificateDer())))
        .build();
  }
}
