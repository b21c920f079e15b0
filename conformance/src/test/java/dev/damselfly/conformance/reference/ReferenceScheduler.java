package dev.damselfly.conformance.reference;

import static dev.damselfly.conformance.reference.ReferenceServer.CALLER;

import com.google.protobuf.Empty;
import com.google.protobuf.Message;
import dev.damselfly.api.error.RequestFailure;
import dev.damselfly.api.rule.Rules;
import dev.damselfly.api.wire.common.v2.CachePeer;
import dev.damselfly.api.wire.common.v2.Host;
import dev.damselfly.api.wire.common.v2.Peer;
import dev.damselfly.api.wire.common.v2.PersistentCacheTask;
import dev.damselfly.api.wire.common.v2.Task;
import dev.damselfly.api.wire.scheduler.v2.AnnounceHostRequest;
import dev.damselfly.api.wire.scheduler.v2.AnnouncePeerRequest;
import dev.damselfly.api.wire.scheduler.v2.AnnouncePeerResponse;
import dev.damselfly.api.wire.scheduler.v2.DeleteHostRequest;
import dev.damselfly.api.wire.scheduler.v2.DeletePeerRequest;
import dev.damselfly.api.wire.scheduler.v2.ListHostsRequest;
import dev.damselfly.api.wire.scheduler.v2.ListHostsResponse;
import dev.damselfly.api.wire.scheduler.v2.PreheatImageRequest;
import dev.damselfly.api.wire.scheduler.v2.SchedulerGrpc;
import dev.damselfly.api.wire.scheduler.v2.StatCachePeerRequest;
import dev.damselfly.api.wire.scheduler.v2.StatFileRequest;
import dev.damselfly.api.wire.scheduler.v2.StatFileResponse;
import dev.damselfly.api.wire.scheduler.v2.StatPeerRequest;
import dev.damselfly.api.wire.scheduler.v2.StatTaskRequest;
import dev.damselfly.api.wire.scheduler.v2.UploadPersistentCacheTaskFinishedRequest;
import dev.damselfly.api.wire.scheduler.v2.UploadPersistentCacheTaskStartedRequest;
import io.grpc.Status;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ScheduledExecutorService;

/// The scheduler of the reference program. One lock guards all of it.
final class ReferenceScheduler extends SchedulerGrpc.SchedulerImplBase {
  private record Known(Host host, long interval, long heard) {}

  private final Set<Fault> faults;
  final RefSettings settings;
  final RefSeeds seeds;
  final ScheduledExecutorService timer;
  private final boolean mutual;
  private final RefFurther further;
  private final Map<String, Known> hosts = new LinkedHashMap<>();
  private final Map<String, RefTask> tasks = new LinkedHashMap<>();

  ReferenceScheduler(Set<Fault> faults, RefSettings settings, RefSeeds seeds, ScheduledExecutorService timer, RefFurther further, boolean mutual) {
    this.faults = faults;
    this.settings = settings;
    this.seeds = seeds;
    this.timer = timer;
    this.further = further;
    this.mutual = mutual;
  }

  boolean has(Fault fault) {
    return faults.contains(fault);
  }

  boolean isMutual() {
    return mutual;
  }

  // ---- hosts

  @Override
  public void announceHost(AnnounceHostRequest request, StreamObserver<Empty> out) {
    Host host = request.getHost();
    if (request.getInterval().getSeconds() < 0) {
      if (!has(Fault.TAKES_NEGATIVE_INTERVALS)) {
        out.onError(Status.INVALID_ARGUMENT.asRuntimeException());
        return;
      }
    } else if (!valid(request)) {
      out.onError(Status.INVALID_ARGUMENT.asRuntimeException());
      return;
    }
    if (mutual && !host.getHostname().equals(CALLER.get()) && !has(Fault.ANNOUNCES_FOR_OTHERS)) {
      out.onError(Status.PERMISSION_DENIED.asRuntimeException());
      return;
    }
    synchronized (this) {
      hosts.put(host.getId(), new Known(host, request.getInterval().getSeconds(), System.nanoTime()));
    }
    seeds.announced(host);
    out.onNext(Empty.getDefaultInstance());
    out.onCompleted();
  }

  static boolean valid(Message message) {
    try {
      Rules.check(message);
      return true;
    } catch (RequestFailure e) {
      return false;
    }
  }

  @Override
  public synchronized void listHosts(ListHostsRequest request, StreamObserver<ListHostsResponse> out) {
    var answer = ListHostsResponse.newBuilder();
    for (Known known : hosts.values()) {
      Host host = has(Fault.LISTS_OTHER_PORT) ? known.host().toBuilder().setDownloadPort(4001).build() : known.host();
      if (!request.hasType() || has(Fault.IGNORES_TYPE_FILTER) || request.getType() == host.getType()) {
        answer.addHosts(host);
      }
    }
    out.onNext(answer.build());
    out.onCompleted();
  }

  @Override
  public synchronized void deleteHost(DeleteHostRequest request, StreamObserver<Empty> out) {
    if (hosts.remove(request.getHostId()) == null && !has(Fault.DELETES_UNKNOWN_HOSTS)) {
      out.onError(Status.NOT_FOUND.asRuntimeException());
      return;
    }
    if (!has(Fault.KEEPS_PEERS_OF_DELETED_HOSTS)) {
      tasks.values().forEach(task -> task.peers.values().removeIf(peer -> peer.host.getId().equals(request.getHostId())));
    }
    out.onNext(Empty.getDefaultInstance());
    out.onCompleted();
  }

  /// Drops hosts that said nothing for two intervals.
  synchronized void collect() {
    if (!has(Fault.KEEPS_SILENT_HOSTS)) {
      hosts.values().removeIf(known -> known.interval() > 0 && System.nanoTime() - known.heard() > 2_000_000_000L * known.interval());
    }
  }

  private synchronized List<Host> known() {
    return hosts.values().stream().map(Known::host).toList();
  }

  @Override
  public void uploadPersistentCacheTaskStarted(UploadPersistentCacheTaskStartedRequest request, StreamObserver<Empty> out) {
    further.started(request, out);
  }

  @Override
  public void uploadPersistentCacheTaskFinished(UploadPersistentCacheTaskFinishedRequest request, StreamObserver<PersistentCacheTask> out) {
    further.finished(request, known(), out);
  }

  @Override
  public void statFile(StatFileRequest request, StreamObserver<StatFileResponse> out) {
    further.statFile(request, known().stream().filter(host -> host.getPort() != 4000).toList(), out);
  }

  @Override
  public void preheatImage(PreheatImageRequest request, StreamObserver<Empty> out) {
    further.preheat(request, out);
  }

  // ---- tasks and peers

  @Override
  public synchronized void statTask(StatTaskRequest request, StreamObserver<Task> out) {
    RefTask task = tasks.get(request.getTaskId());
    if (task == null) {
      out.onError(Status.NOT_FOUND.asRuntimeException());
      return;
    }
    out.onNext(task.message());
    out.onCompleted();
  }

  @Override
  public synchronized void statPeer(StatPeerRequest request, StreamObserver<Peer> out) {
    RefTask task = tasks.get(request.getTaskId());
    RefPeer peer = task == null ? null : task.peers.get(request.getPeerId());
    if (peer == null) {
      out.onError(Status.NOT_FOUND.asRuntimeException());
      return;
    }
    out.onNext(peer.message(Objects.requireNonNull(task).message(), true));
    out.onCompleted();
  }

  @Override
  public synchronized void deletePeer(DeletePeerRequest request, StreamObserver<Empty> out) {
    RefTask task = tasks.get(request.getTaskId());
    if (task != null && !has(Fault.OFFERS_DELETED_PEERS)) {
      task.peers.remove(request.getPeerId());
    }
    out.onNext(Empty.getDefaultInstance());
    out.onCompleted();
  }

  @Override
  public void statCachePeer(StatCachePeerRequest request, StreamObserver<CachePeer> out) {
    out.onError((has(Fault.BREAKS_ON_CACHE_CALLS) ? Status.INTERNAL : Status.UNIMPLEMENTED).asRuntimeException());
  }

  @Override
  public StreamObserver<AnnouncePeerRequest> announcePeer(StreamObserver<AnnouncePeerResponse> out) {
    if (!has(Fault.DELAYS_HEADERS)) {
      ((ServerCallStreamObserver<AnnouncePeerResponse>) out).setOnCancelHandler(() -> {});
      EagerHeaders.send();
    }
    return new RefAnnounce(this, out);
  }

  /// The host, for registrations.
  @org.jspecify.annotations.Nullable Host host(String id) {
    Known known = hosts.get(id);
    if (known != null) {
      return known.host();
    }
    return has(Fault.REGISTERS_STRANGERS) ? Host.newBuilder().setId(id).setIp("127.0.0.1").setPort(4000).setHostname("stranger").build() : null;
  }

  RefTask task(String id, dev.damselfly.api.wire.common.v2.Download download) {
    return tasks.computeIfAbsent(id, missing -> new RefTask(missing, download, faults));
  }
}
