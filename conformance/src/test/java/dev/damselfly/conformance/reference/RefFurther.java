package dev.damselfly.conformance.reference;

import com.google.protobuf.Duration;
import com.google.protobuf.Empty;
import dev.damselfly.api.wire.common.v2.Download;
import dev.damselfly.api.wire.common.v2.Host;
import dev.damselfly.api.wire.common.v2.PersistentCacheTask;
import dev.damselfly.api.wire.dfdaemon.v2.DfdaemonUploadGrpc;
import dev.damselfly.api.wire.dfdaemon.v2.DownloadPersistentCacheTaskRequest;
import dev.damselfly.api.wire.dfdaemon.v2.StatLocalTaskRequest;
import dev.damselfly.api.wire.scheduler.v2.PreheatImageRequest;
import dev.damselfly.api.wire.scheduler.v2.StatFileRequest;
import dev.damselfly.api.wire.scheduler.v2.StatFileResponse;
import dev.damselfly.api.wire.scheduler.v2.UploadPersistentCacheTaskFinishedRequest;
import dev.damselfly.api.wire.scheduler.v2.UploadPersistentCacheTaskStartedRequest;
import dev.damselfly.conformance.link.Endpoint;
import io.grpc.Channel;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.StreamObserver;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;

/// Persistent cache tasks and jobs of the reference scheduler. Thread-safe.
final class RefFurther {
  private final Set<Fault> faults;
  private final Function<Endpoint, Channel> channels;
  private final Map<String, UploadPersistentCacheTaskStartedRequest> uploads = new ConcurrentHashMap<>();

  RefFurther(Set<Fault> faults, Function<Endpoint, Channel> channels) {
    this.faults = faults;
    this.channels = channels;
  }

  void started(UploadPersistentCacheTaskStartedRequest request, StreamObserver<Empty> out) {
    if (!ReferenceScheduler.valid(request) && !faults.contains(Fault.TAKES_ANY_TTL)) {
      out.onError(Status.INVALID_ARGUMENT.asRuntimeException());
    } else if (uploads.putIfAbsent(request.getTaskId(), request) != null && !faults.contains(Fault.UPLOADS_TWICE)) {
      out.onError(Status.ALREADY_EXISTS.asRuntimeException());
    } else {
      out.onNext(Empty.getDefaultInstance());
      out.onCompleted();
    }
  }

  void finished(UploadPersistentCacheTaskFinishedRequest request, List<Host> hosts, StreamObserver<PersistentCacheTask> out) {
    var upload = uploads.get(request.getTaskId());
    if (upload == null) {
      out.onError(Status.NOT_FOUND.asRuntimeException());
      return;
    }
    long missing = faults.contains(Fault.NEVER_REPLICATES) ? 0 : upload.getPersistentReplicaCount() - 1;
    var replica = DownloadPersistentCacheTaskRequest.newBuilder().setTaskId(request.getTaskId()).setPersistent(true).build();
    hosts.stream()
        .filter(host -> !host.getId().equals(request.getHostId()))
        .limit(missing)
        .forEach(host -> Thread.ofVirtual().start(() -> replicate(host, replica)));
    out.onNext(
        PersistentCacheTask.newBuilder()
            .setId(request.getTaskId())
            .setPersistentReplicaCount(upload.getPersistentReplicaCount())
            .setPieceLength(upload.getPieceLength())
            .setState("Succeeded")
            .setTtl(Duration.newBuilder().setSeconds(upload.getTtl().getSeconds()))
            .setCreatedAt(RefPeer.created())
            .setUpdatedAt(RefPeer.created())
            .build());
    out.onCompleted();
  }

  private DfdaemonUploadGrpc.DfdaemonUploadBlockingStub calls(Host host) {
    return DfdaemonUploadGrpc.newBlockingStub(channels.apply(new Endpoint(host.getIp(), host.getDownloadPort())))
        .withDeadlineAfter(20, TimeUnit.SECONDS);
  }

  private void replicate(Host host, DownloadPersistentCacheTaskRequest replica) {
    try {
      calls(host).downloadPersistentCacheTask(replica).forEachRemaining(_ -> {});
    } catch (StatusRuntimeException e) {
      // errors are not retried
    }
  }

  void statFile(StatFileRequest request, List<Host> hosts, StreamObserver<StatFileResponse> out) {
    var download = Download.newBuilder().setUrl(request.getUrl());
    if (!faults.contains(Fault.COMPUTES_OTHER_IDS)) {
      download.setTag(request.getTag());
    }
    String id = RefIds.of(download.setApplication(request.getApplication()).build(), faults);
    for (Host host : hosts) {
      try {
        calls(host).statLocalTask(StatLocalTaskRequest.newBuilder().setTaskId(id).build());
      } catch (StatusRuntimeException e) {
        // it does not have it; no host of the suite does
      }
    }
    out.onNext(StatFileResponse.getDefaultInstance());
    out.onCompleted();
  }

  void preheat(PreheatImageRequest request, StreamObserver<Empty> out) {
    if (faults.contains(Fault.PREHEATS_FROM_LOOPBACK)) {
      try {
        long length = new RefOrigin(faults).length(request.getUrl(), Map.of());
        out.onError(Status.INVALID_ARGUMENT.withDescription("no manifest: " + length).asRuntimeException());
        return;
      } catch (IOException e) {
        out.onError(Status.UNAVAILABLE.asRuntimeException());
        return;
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }
    out.onError(Status.PERMISSION_DENIED.asRuntimeException());
  }
}
