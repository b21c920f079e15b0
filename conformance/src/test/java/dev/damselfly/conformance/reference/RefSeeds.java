package dev.damselfly.conformance.reference;

import dev.damselfly.api.wire.common.v2.Download;
import dev.damselfly.api.wire.common.v2.Host;
import dev.damselfly.api.wire.dfdaemon.v2.DfdaemonUploadGrpc;
import dev.damselfly.api.wire.dfdaemon.v2.DownloadTaskRequest;
import dev.damselfly.api.wire.dfdaemon.v2.DownloadTaskResponse;
import dev.damselfly.conformance.link.Credentials;
import dev.damselfly.conformance.link.Endpoint;
import io.grpc.Channel;
import io.grpc.StatusRuntimeException;
import io.grpc.health.v1.HealthCheckRequest;
import io.grpc.health.v1.HealthGrpc;
import io.grpc.stub.StreamObserver;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.TimeUnit;
import java.util.function.BiFunction;

/// Healthy seeds of the reference scheduler. Thread-safe.
final class RefSeeds {
  private final BiFunction<Endpoint, Credentials, Channel> channels;
  private final Credentials own;
  private final Set<Fault> faults;
  private final Map<String, Channel> healthy = new ConcurrentSkipListMap<>();

  RefSeeds(BiFunction<Endpoint, Credentials, Channel> channels, Credentials own, Set<Fault> faults) {
    this.channels = channels;
    this.own = own;
    this.faults = faults;
  }

  void announced(Host host) {
    if (host.getType() != 1 || healthy.containsKey(host.getId())) {
      return;
    }
    Channel channel = channels.apply(new Endpoint(host.getIp(), host.getPort()), own);
    try {
      HealthGrpc.newBlockingStub(channel).withDeadlineAfter(10, TimeUnit.SECONDS).check(HealthCheckRequest.getDefaultInstance());
      healthy.put(host.getId(), channel);
    } catch (StatusRuntimeException e) {
      healthy.remove(host.getId()); // not healthy
    }
  }

  boolean isAvailable() {
    return !healthy.isEmpty();
  }

  void trigger(Download download) {
    Optional<Channel> first = healthy.values().stream().findFirst();
    var clone = download.toBuilder().setNeedBackToSource(true);
    if (!faults.contains(Fault.KEEPS_OUTPUT_PATH)) {
      clone.clearOutputPath();
    }
    if (faults.contains(Fault.DROPS_UNKNOWN_FIELDS)) {
      clone.setUnknownFields(com.google.protobuf.UnknownFieldSet.getDefaultInstance());
    }
    var request = DownloadTaskRequest.newBuilder().setDownload(clone).build();
    first.ifPresent(channel -> DfdaemonUploadGrpc.newStub(channel).downloadTask(request, new Ignored()));
  }

  private static final class Ignored implements StreamObserver<DownloadTaskResponse> {
    @Override
    public void onNext(DownloadTaskResponse value) {
      // the seed's own stream tells
    }

    @Override
    public void onError(Throwable t) {
      // the child is sent to the origin in time
    }

    @Override
    public void onCompleted() {
      // as above
    }
  }
}
