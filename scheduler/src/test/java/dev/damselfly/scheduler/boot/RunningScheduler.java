package dev.damselfly.scheduler.boot;

import com.google.protobuf.Empty;
import dev.damselfly.api.id.HostPort;
import dev.damselfly.api.wire.manager.v2.GetSchedulerRequest;
import dev.damselfly.api.wire.manager.v2.KeepAliveRequest;
import dev.damselfly.api.wire.manager.v2.ListApplicationsRequest;
import dev.damselfly.api.wire.manager.v2.ListApplicationsResponse;
import dev.damselfly.api.wire.manager.v2.ManagerGrpc;
import dev.damselfly.api.wire.manager.v2.Scheduler;
import dev.damselfly.api.wire.manager.v2.UpdateSchedulerRequest;
import dev.damselfly.authz.guard.GuardedServer;
import dev.damselfly.authz.identity.RoleTemplate;
import dev.damselfly.authz.legacy.LegacyConfig;
import dev.damselfly.authz.testing.FixedIdentity;
import dev.damselfly.authz.testing.LooseServer;
import dev.damselfly.authz.testing.MemoryAudit;
import dev.damselfly.authz.testing.TestCa;
import dev.damselfly.scheduler.swarm.SwarmConfig;
import io.grpc.stub.StreamObserver;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.NullMarked;

/// A scheduler process of cluster `1` on loopback, and the manager that it needs to start.
@NullMarked
final class RunningScheduler implements AutoCloseable {
  final TestCa ca = TestCa.root("test.example");
  final MemoryAudit audit = new MemoryAudit();
  final FixedIdentity identity = new FixedIdentity(ca.snapshot("/damselfly/scheduler/1/s"));
  final SchedulerProcess process;
  private final GuardedServer manager;
  private final Optional<LegacyConfig> legacy;

  RunningScheduler() throws IOException {
    this(Optional.empty());
  }

  /// With a listener without TLS on loopback, too.
  static RunningScheduler withLegacy() throws IOException {
    var listen = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
    return withLegacy(new LegacyConfig(listen, List.of(), List.of()));
  }

  static RunningScheduler withLegacy(LegacyConfig listener) throws IOException {
    return new RunningScheduler(Optional.of(listener));
  }

  private RunningScheduler(Optional<LegacyConfig> legacy) throws IOException {
    this.legacy = legacy;
    manager = LooseServer.start(new FixedIdentity(ca.snapshot("/damselfly/manager/m")), new Manager());
    process = process(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), manager.port());
    process.start();
  }

  /// Another process with the same identity, not started.
  SchedulerProcess another(InetSocketAddress listen) {
    return process(listen, manager.port());
  }

  private SchedulerProcess process(InetSocketAddress listen, int managerPort) {
    var config =
        new SchedulerConfig(
            listen, "127.0.0.1", new HostPort("127.0.0.1", managerPort), 1, "", "", new SchedulerConfig.Admission(List.of(), legacy), SwarmConfig.DEFAULT);
    return new SchedulerProcess(config, identity, new RoleTemplate(ca.trustDomain()), audit, InstantSource.system());
  }

  @Override
  public void close() {
    process.close();
    manager.close();
  }

  /// Takes every registration.
  private static final class Manager extends ManagerGrpc.ManagerImplBase {
    @Override
    public void updateScheduler(UpdateSchedulerRequest request, StreamObserver<Scheduler> out) {
      answer(out, Scheduler.getDefaultInstance());
    }

    @Override
    public void getScheduler(GetSchedulerRequest request, StreamObserver<Scheduler> out) {
      answer(out, Scheduler.getDefaultInstance());
    }

    @Override
    public void listApplications(ListApplicationsRequest request, StreamObserver<ListApplicationsResponse> out) {
      answer(out, ListApplicationsResponse.getDefaultInstance());
    }

    @Override
    public StreamObserver<KeepAliveRequest> keepAlive(StreamObserver<Empty> out) {
      return new StreamObserver<>() {
        @Override
        public void onNext(KeepAliveRequest message) {}

        @Override
        public void onError(Throwable cause) {}

        @Override
        public void onCompleted() {
          answer(out, Empty.getDefaultInstance());
        }
      };
    }

    private static <T> void answer(StreamObserver<T> out, T message) {
      out.onNext(message);
      out.onCompleted();
    }
  }
}
