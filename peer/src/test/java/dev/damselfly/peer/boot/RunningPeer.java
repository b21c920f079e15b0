package dev.damselfly.peer.boot;

import com.google.protobuf.ByteString;
import com.google.protobuf.Empty;
import dev.damselfly.api.id.HostPort;
import dev.damselfly.api.wire.damselfly.v1.GrantKey;
import dev.damselfly.api.wire.damselfly.v1.ListGrantKeysRequest;
import dev.damselfly.api.wire.damselfly.v1.ListGrantKeysResponse;
import dev.damselfly.api.wire.damselfly.v1.SwarmGrpc;
import dev.damselfly.api.wire.manager.v2.ListSchedulersRequest;
import dev.damselfly.api.wire.manager.v2.ListSchedulersResponse;
import dev.damselfly.api.wire.manager.v2.ManagerGrpc;
import dev.damselfly.api.wire.manager.v2.Scheduler;
import dev.damselfly.api.wire.manager.v2.SchedulerCluster;
import dev.damselfly.api.wire.scheduler.v2.AnnounceHostRequest;
import dev.damselfly.api.wire.scheduler.v2.DeleteHostRequest;
import dev.damselfly.api.wire.scheduler.v2.SchedulerGrpc;
import dev.damselfly.authz.egress.EgressPolicy;
import dev.damselfly.authz.guard.GuardedServer;
import dev.damselfly.authz.identity.RoleTemplate;
import dev.damselfly.authz.legacy.LegacyConfig;
import dev.damselfly.authz.identity.SpiffeId;
import dev.damselfly.authz.testing.FixedIdentity;
import dev.damselfly.authz.testing.LooseServer;
import dev.damselfly.authz.testing.MemoryAudit;
import dev.damselfly.authz.testing.TestCa;
import dev.damselfly.peer.control.LocalConfig;
import dev.damselfly.peer.download.DownloadConfig;
import dev.damselfly.peer.proxy.ProxyConfig;
import dev.damselfly.peer.proxy.Upstream;
import dev.damselfly.peer.store.StoreConfig;
import dev.damselfly.peer.testing.GrantMint;
import dev.damselfly.peer.tools.ToolsConfig;
import io.grpc.health.v1.HealthCheckResponse.ServingStatus;
import io.grpc.protobuf.services.HealthStatusManager;
import io.grpc.stub.StreamObserver;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.NullMarked;

/// A peer process of cluster `c1` on loopback, and the manager and scheduler that it needs to start.
@NullMarked
final class RunningPeer implements AutoCloseable {
  static final InetSocketAddress ANYWHERE = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);

  final TestCa ca = TestCa.root("test.example");
  final MemoryAudit audit = new MemoryAudit();
  final FixedIdentity identity = new FixedIdentity(ca.snapshot("/damselfly/peer/c1/parent"));
  final GrantMint mint = new GrantMint(SpiffeId.parse("spiffe://test.example/damselfly/scheduler/c1/s1"), InstantSource.system());
  final AtomicInteger emptyAnswers = new AtomicInteger(); // what the manager gives before it names the scheduler
  /// The configuration of peers that the manager tells.
  final AtomicReference<ByteString> clientConfig = new AtomicReference<>(ByteString.copyFromUtf8("{}"));
  final PeerProcess process;
  private final Optional<PeerConfig.Legacy> legacy;
  private final Optional<ToolsConfig> tools;
  private final Path directory;
  private final int managerPort;
  private final Deque<Runnable> open = new ArrayDeque<>();

  RunningPeer(Path directory) throws IOException {
    this(directory, Optional.empty(), Optional.empty());
  }

  /// With listeners without TLS, too.
  static RunningPeer withLegacy(Path directory) throws IOException {
    var listener = new LegacyConfig(ANYWHERE, List.of(), List.of());
    return new RunningPeer(directory, Optional.of(new PeerConfig.Legacy(listener, ANYWHERE)), Optional.empty());
  }

  /// With the socket of upstream's tools, too.
  static RunningPeer withTools(Path directory, ToolsConfig tools) throws IOException {
    return new RunningPeer(directory, Optional.empty(), Optional.of(tools));
  }

  private RunningPeer(Path directory, Optional<PeerConfig.Legacy> legacy, Optional<ToolsConfig> tools) throws IOException {
    this.legacy = legacy;
    this.tools = tools;
    this.directory = directory;
    var health = new HealthStatusManager();
    health.setStatus("", ServingStatus.SERVING);
    var scheduler =
        own(
            LooseServer.start(
                new FixedIdentity(ca.snapshot("/damselfly/scheduler/c1/s1")),
                new TakesHosts(),
                new ListsKeys(),
                health.getHealthService()));
    var manager =
        own(LooseServer.start(new FixedIdentity(ca.snapshot("/damselfly/manager/m")), new NamesScheduler(scheduler.port())));
    managerPort = manager.port();
    process = another("own", ANYWHERE, ANYWHERE);
    open.push(process::close);
    process.start();
  }

  private GuardedServer own(GuardedServer server) {
    open.push(server::close);
    return server;
  }

  /// One more process of the same identity, not started.
  PeerProcess another(String name, InetSocketAddress listen, InetSocketAddress pieces) throws IOException {
    return another(name, listen, pieces, managerPort, directory.resolve(name).resolve("l.sock"));
  }

  int managerPort() {
    return managerPort;
  }

  PeerProcess another(String name, InetSocketAddress listen, InetSocketAddress pieces, int manager, Path socket)
      throws IOException {
    return another(name, listen, pieces, manager, socket, Optional.empty());
  }

  /// One more process with a registry mirror, not started.
  PeerProcess withMirror(String name, InetSocketAddress mirror) throws IOException {
    var upstream = new Upstream("registry.test", "https://registry.test", List.of(), true);
    var config = new ProxyConfig(mirror, List.of(upstream));
    return another(name, ANYWHERE, ANYWHERE, managerPort, directory.resolve(name).resolve("l.sock"), Optional.of(config));
  }

  private PeerProcess another(
      String name, InetSocketAddress listen, InetSocketAddress pieces, int manager, Path socket, Optional<ProxyConfig> mirror)
      throws IOException {
    Path home = Files.createDirectories(directory.resolve(name));
    var config =
        new PeerConfig(
            listen,
            pieces,
            new PeerConfig.Place("127.0.0.1", "", ""),
            new HostPort("127.0.0.1", manager),
            home.resolve("store"),
            new StoreConfig(1L << 30, 80, 60, Duration.ofDays(1)),
            new LocalConfig(socket, Set.of(), Optional.empty(), 8, 8),
            new PeerConfig.PeerDownloads(DownloadConfig.DEFAULT, EgressPolicy.publicInternet(), mirror, tools, Optional.empty()),
            legacy);
    return new PeerProcess(
        config, identity, new RoleTemplate(ca.trustDomain()), audit, InstantSource.system(), () -> {}, List::of);
  }

  @Override
  public void close() {
    while (!open.isEmpty()) {
      open.pop().run();
    }
  }

  private static <T> void answer(StreamObserver<T> out, T message) {
    out.onNext(message);
    out.onCompleted();
  }

  private final class NamesScheduler extends ManagerGrpc.ManagerImplBase {
    private final int port;

    NamesScheduler(int port) {
      this.port = port;
    }

    @Override
    public void listSchedulers(ListSchedulersRequest request, StreamObserver<ListSchedulersResponse> out) {
      if (emptyAnswers.getAndUpdate(left -> Math.max(0, left - 1)) > 0) {
        answer(out, ListSchedulersResponse.getDefaultInstance());
        return;
      }
      var scheduler =
          Scheduler.newBuilder().setId(1).setHostname("s1").setIp("127.0.0.1").setPort(port).setSchedulerClusterId(1)
              .setSchedulerCluster(SchedulerCluster.newBuilder().setId(1).setClientConfig(clientConfig.get()));
      answer(out, ListSchedulersResponse.newBuilder().addSchedulers(scheduler).build());
    }
  }

  private static final class TakesHosts extends SchedulerGrpc.SchedulerImplBase {
    @Override
    public void announceHost(AnnounceHostRequest request, StreamObserver<Empty> out) {
      answer(out, Empty.getDefaultInstance());
    }

    @Override
    public void deleteHost(DeleteHostRequest request, StreamObserver<Empty> out) {
      answer(out, Empty.getDefaultInstance());
    }
  }

  private final class ListsKeys extends SwarmGrpc.SwarmImplBase {
    @Override
    public void listGrantKeys(ListGrantKeysRequest request, StreamObserver<ListGrantKeysResponse> out) {
      var key =
          GrantKey.newBuilder().setKeyId(GrantMint.KEY_ID).setSpki(ByteString.copyFrom(mint.publicKey().getEncoded()));
      answer(out, ListGrantKeysResponse.newBuilder().addKeys(key).build());
    }
  }
}
