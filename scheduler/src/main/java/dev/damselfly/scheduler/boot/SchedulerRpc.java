package dev.damselfly.scheduler.boot;

import com.google.protobuf.Empty;
import dev.damselfly.api.wire.common.v2.Peer;
import dev.damselfly.api.wire.common.v2.Task;
import dev.damselfly.api.wire.scheduler.v2.AnnounceHostRequest;
import dev.damselfly.api.wire.scheduler.v2.AnnouncePeerRequest;
import dev.damselfly.api.wire.scheduler.v2.AnnouncePeerResponse;
import dev.damselfly.api.wire.scheduler.v2.DeleteHostRequest;
import dev.damselfly.api.wire.scheduler.v2.DeletePeerRequest;
import dev.damselfly.api.wire.scheduler.v2.DeleteTaskRequest;
import dev.damselfly.api.wire.scheduler.v2.ListHostsRequest;
import dev.damselfly.api.wire.scheduler.v2.ListHostsResponse;
import dev.damselfly.api.wire.scheduler.v2.SchedulerGrpc;
import dev.damselfly.api.wire.scheduler.v2.StatPeerRequest;
import dev.damselfly.api.wire.scheduler.v2.StatTaskRequest;
import dev.damselfly.authz.identity.Caller;
import dev.damselfly.scheduler.announce.Announcements;
import dev.damselfly.scheduler.host.Host;
import dev.damselfly.scheduler.host.HostCalls;
import dev.damselfly.scheduler.host.Hosts;
import dev.damselfly.scheduler.task.TaskCalls;
import io.grpc.stub.StreamObserver;
import java.util.function.Consumer;
import java.util.function.Supplier;

/// gRPC adapter of `scheduler.v2.Scheduler`: hands each call to the feature that owns it. Thread-safe.
final class SchedulerRpc extends SchedulerGrpc.SchedulerImplBase {
  private final HostCalls hosts;
  private final TaskCalls tasks;
  private final Announcements announcements;
  private final Consumer<Host> announced;
  private final Hosts known;
  private final Supplier<Caller> caller;

  /// @param announced hears of each announced host
  /// @param caller reads the caller of the running call
  SchedulerRpc(
      HostCalls hosts,
      TaskCalls tasks,
      Announcements announcements,
      Consumer<Host> announced,
      Hosts known,
      Supplier<Caller> caller) {
    this.hosts = hosts;
    this.tasks = tasks;
    this.announcements = announcements;
    this.announced = announced;
    this.known = known;
    this.caller = caller;
  }

  @Override
  public StreamObserver<AnnouncePeerRequest> announcePeer(StreamObserver<AnnouncePeerResponse> out) {
    return announcements.open(out, caller.get());
  }

  @Override
  public void announceHost(AnnounceHostRequest request, StreamObserver<Empty> out) {
    hosts.announce(request, caller.get());
    known.find(request.getHost().getId()).ifPresent(announced);
    done(out);
  }

  @Override
  public void listHosts(ListHostsRequest request, StreamObserver<ListHostsResponse> out) {
    out.onNext(hosts.list(request));
    out.onCompleted();
  }

  @Override
  public void deleteHost(DeleteHostRequest request, StreamObserver<Empty> out) {
    hosts.delete(request, caller.get());
    done(out);
  }

  @Override
  public void statTask(StatTaskRequest request, StreamObserver<Task> out) {
    out.onNext(tasks.statTask(request));
    out.onCompleted();
  }

  @Override
  public void statPeer(StatPeerRequest request, StreamObserver<Peer> out) {
    out.onNext(tasks.statPeer(request));
    out.onCompleted();
  }

  @Override
  public void deleteTask(DeleteTaskRequest request, StreamObserver<Empty> out) {
    tasks.deleteTask(request, caller.get());
    done(out);
  }

  @Override
  public void deletePeer(DeletePeerRequest request, StreamObserver<Empty> out) {
    tasks.deletePeer(request, caller.get());
    done(out);
  }

  private static void done(StreamObserver<Empty> out) {
    out.onNext(Empty.getDefaultInstance());
    out.onCompleted();
  }
}
