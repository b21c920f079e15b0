package dev.damselfly.manager.boot;

import dev.damselfly.api.id.HostPort;
import dev.damselfly.api.wire.manager.v2.KeepAliveRequest;
import dev.damselfly.api.wire.manager.v2.ListSchedulersRequest;
import dev.damselfly.api.wire.manager.v2.ManagerGrpc;
import dev.damselfly.api.wire.manager.v2.Scheduler;
import dev.damselfly.api.wire.manager.v2.SourceType;
import dev.damselfly.api.wire.manager.v2.UpdateSchedulerRequest;
import dev.damselfly.authz.guard.GuardedChannels;
import dev.damselfly.authz.identity.Expected;
import dev.damselfly.authz.identity.Role;
import dev.damselfly.authz.identity.RoleTemplate;
import dev.damselfly.authz.legacy.LegacyConfig;
import dev.damselfly.authz.testing.FixedIdentity;
import dev.damselfly.authz.testing.MemoryAudit;
import dev.damselfly.authz.testing.TestCa;
import dev.damselfly.manager.cluster.ClusterName;
import dev.damselfly.manager.fixture.TestManager;
import dev.damselfly.manager.store.DatabaseLocation;
import io.grpc.ManagedChannel;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.NullMarked;

/// A manager process on loopback with the clusters `east` and `west`, and channels to it.
@NullMarked
final class RunningManager implements AutoCloseable {
  static final String SCHEDULER = "/damselfly/scheduler/east/a";
  static final String PEER = "/damselfly/peer/east/node-1";
  static final KeepAliveRequest ALIVE =
      KeepAliveRequest.newBuilder().setHostname("scheduler-a").setClusterId(1).setIp("127.0.0.1").build();

  final TestCa ca = TestCa.root("test.example");
  final MemoryAudit audit = new MemoryAudit();
  final RoleTemplate roles = new RoleTemplate(ca.trustDomain());
  final ManagerProcess process;
  private final Deque<Runnable> open = new ArrayDeque<>();

  RunningManager(Path directory) throws IOException {
    this(directory, Optional.empty());
  }

  /// With a listener without TLS, too, which says where that of every scheduler is.
  static RunningManager withLegacy(Path directory, int schedulerPort) throws IOException {
    var listener =
        new LegacyConfig(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), List.of(), List.of());
    return new RunningManager(
        directory, Optional.of(new ManagerConfig.Legacy(listener, new ClusterName("east"), schedulerPort)));
  }

  private RunningManager(Path directory, Optional<ManagerConfig.Legacy> legacy) throws IOException {
    var config =
        new ManagerConfig(
            new InetSocketAddress(InetAddress.getLoopbackAddress(), 0),
            new DatabaseLocation.Directory(directory),
            List.of(TestManager.cluster("east"), TestManager.cluster("west")),
            List.of(),
            legacy);
    var own = new FixedIdentity(ca.snapshot("/damselfly/manager/m"));
    process = new ManagerProcess(config, own, roles, audit, InstantSource.system());
    process.start();
  }

  ManagedChannel as(String path) {
    var channels = new GuardedChannels(new FixedIdentity(ca.snapshot(path)), roles, audit);
    open.push(channels::close);
    var channel = channels.open(new HostPort("127.0.0.1", process.port()), Expected.role(Role.MANAGER));
    open.push(channel::shutdownNow);
    return channel;
  }

  static UpdateSchedulerRequest registration() {
    return UpdateSchedulerRequest.newBuilder()
        .setHostname("scheduler-a")
        .setSchedulerClusterId(1)
        .setIp("127.0.0.1")
        .setPort(8002)
        .build();
  }

  /// What a peer of the cluster is told when it asks for a choice.
  List<Scheduler> suited(ManagedChannel peer) {
    var request =
        ListSchedulersRequest.newBuilder()
            .setSourceType(SourceType.PEER_SOURCE)
            .setHostname("node-1")
            .setIp("127.0.0.1")
            .build();
    return ManagerGrpc.newBlockingStub(peer).listSchedulers(request).getSchedulersList();
  }

  @Override
  public void close() {
    while (!open.isEmpty()) {
      open.pop().run();
    }
    process.close();
  }
}
