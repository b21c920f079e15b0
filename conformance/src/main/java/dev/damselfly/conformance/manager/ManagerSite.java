package dev.damselfly.conformance.manager;

import com.google.protobuf.ByteString;
import com.google.protobuf.Empty;
import dev.damselfly.api.wire.manager.v2.GetSchedulerRequest;
import dev.damselfly.api.wire.manager.v2.KeepAliveRequest;
import dev.damselfly.api.wire.manager.v2.ListSchedulersRequest;
import dev.damselfly.api.wire.manager.v2.ManagerGrpc;
import dev.damselfly.api.wire.manager.v2.Scheduler;
import dev.damselfly.api.wire.manager.v2.SourceType;
import dev.damselfly.api.wire.manager.v2.UpdateSchedulerRequest;
import dev.damselfly.conformance.link.Endpoint;
import dev.damselfly.conformance.suite.Stage;
import dev.damselfly.conformance.target.Role;
import dev.damselfly.conformance.target.Running;
import io.grpc.Channel;
import io.grpc.stub.StreamObserver;
import java.io.IOException;
import java.util.List;
import java.util.Optional;

/// A fresh manager under test that holds the clusters of the fixture (README, section "Fixture of the manager").
record ManagerSite(Stage stage, Running manager) {
  static final long EAST = 1;
  static final long WEST = 2;
  static final long NORTH = 3;
  private static final Endpoint NOBODY = new Endpoint("127.0.0.1", 1);

  static ManagerSite open(Stage stage) throws IOException, InterruptedException {
    return new ManagerSite(stage, stage.start(Role.MANAGER, NOBODY));
  }

  Channel channel(Role role, String name) {
    return stage.wire().channel(name, manager.endpoint(), stage.target().actors().credentials(role, name));
  }

  ManagerGrpc.ManagerBlockingStub calls(Role role, String name) {
    return ManagerGrpc.newBlockingStub(channel(role, name)).withDeadlineAfter(stage.patience());
  }

  /// The row of a scheduler that registers now.
  Scheduler register(String name, long cluster) {
    return calls(Role.SCHEDULER, name).updateScheduler(registration(name, cluster));
  }

  static UpdateSchedulerRequest registration(String name, long cluster) {
    return UpdateSchedulerRequest.newBuilder()
        .setSourceType(SourceType.SCHEDULER_SOURCE)
        .setHostname(name)
        .setSchedulerClusterId(cluster)
        .setIp("127.0.0.1")
        .setPort(8002)
        .addFeatures("schedule")
        .setConfig(ByteString.copyFromUtf8("{\"manager_keep_alive_interval\":5000000000}"))
        .build();
  }

  /// A stream that keeps a scheduler alive.
  ///
  /// @return ends it
  Runnable keepAlive(String name, long cluster) {
    var stream = ManagerGrpc.newStub(channel(Role.SCHEDULER, name)).keepAlive(new Ignored());
    stream.onNext(beat(name, cluster));
    return stream::onCompleted;
  }

  static KeepAliveRequest beat(String name, long cluster) {
    return KeepAliveRequest.newBuilder()
        .setSourceType(SourceType.SCHEDULER_SOURCE)
        .setHostname(name)
        .setClusterId(cluster)
        .setIp("127.0.0.1")
        .build();
  }

  /// What a plain peer asks with.
  static ListSchedulersRequest.Builder question(String name) {
    return ListSchedulersRequest.newBuilder()
        .setSourceType(SourceType.PEER_SOURCE)
        .setHostname(name)
        .setIp("127.0.0.1")
        .setVersion("1.5.10")
        .setCommit("unknown");
  }

  List<Scheduler> schedulers(String peer, ListSchedulersRequest request) {
    return calls(Role.PEER, peer).listSchedulers(request).getSchedulersList();
  }

  /// State of a scheduler's row, as the list of its cluster says.
  Optional<String> state(String peer, String scheduler, long cluster) {
    return schedulers(peer, question(peer).setSchedulerClusterId(cluster).build()).stream()
        .filter(row -> row.getHostname().equals(scheduler))
        .map(Scheduler::getState)
        .findFirst();
  }

  static GetSchedulerRequest own(String name, long cluster) {
    return GetSchedulerRequest.newBuilder()
        .setSourceType(SourceType.SCHEDULER_SOURCE)
        .setHostname(name)
        .setSchedulerClusterId(cluster)
        .setIp("127.0.0.1")
        .build();
  }

  /// Whatever the manager says on it does not matter.
  private static final class Ignored implements StreamObserver<Empty> {
    @Override
    public void onNext(Empty value) {
      // the end of the stream
    }

    @Override
    public void onError(Throwable t) {
      // the case sees it in the state of the row
    }

    @Override
    public void onCompleted() {
      // as above
    }
  }
}
