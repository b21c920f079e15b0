package dev.damselfly.conformance.reference;

import com.google.protobuf.Duration;
import dev.damselfly.api.ring.HashRing;
import dev.damselfly.api.wire.common.v2.Build;
import dev.damselfly.api.wire.common.v2.CPU;
import dev.damselfly.api.wire.common.v2.Disk;
import dev.damselfly.api.wire.common.v2.Host;
import dev.damselfly.api.wire.common.v2.Memory;
import dev.damselfly.api.wire.common.v2.Network;
import dev.damselfly.api.wire.manager.v2.ListSchedulersRequest;
import dev.damselfly.api.wire.manager.v2.ManagerGrpc;
import dev.damselfly.api.wire.manager.v2.SourceType;
import dev.damselfly.api.wire.manager.v2.UpdateSchedulerRequest;
import dev.damselfly.api.wire.scheduler.v2.AnnounceHostRequest;
import dev.damselfly.api.wire.scheduler.v2.DeleteHostRequest;
import dev.damselfly.api.wire.scheduler.v2.SchedulerGrpc;
import dev.damselfly.conformance.link.Credentials;
import dev.damselfly.conformance.link.Endpoint;
import dev.damselfly.conformance.link.Identity;
import dev.damselfly.conformance.target.Actors;
import dev.damselfly.conformance.target.Role;
import dev.damselfly.conformance.target.Running;
import dev.damselfly.conformance.target.Target;
import io.grpc.BindableService;
import io.grpc.Channel;
import io.grpc.ManagedChannel;
import io.grpc.Server;
import io.grpc.ServerInterceptors;
import io.grpc.health.v1.HealthCheckResponse.ServingStatus;
import io.grpc.netty.NettyChannelBuilder;
import io.grpc.protobuf.services.HealthStatusManager;
import io.grpc.protobuf.services.ProtoReflectionServiceV1;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;

/// The reference program in this process, reached over the loopback address as any other.
public final class ReferenceTarget implements Target {
  private final boolean mutual;
  private final Set<Fault> faults;
  private final Actors actors;
  private final Map<Path, RefStore> stores = new ConcurrentHashMap<>();

  /// @param mutual whether its listeners want TLS and identities
  public ReferenceTarget(boolean mutual, Set<Fault> faults) {
    this.mutual = mutual;
    this.faults = faults;
    this.actors =
        mutual
            ? Actors.mutual(
                "example.test",
                Map.of(
                    Role.MANAGER, "spiffe://example.test/manager/{name}",
                    Role.SCHEDULER, "spiffe://example.test/scheduler/{cluster}/{name}",
                    Role.PEER, "spiffe://example.test/peer/{cluster}/{name}",
                    Role.SEED_PEER, "spiffe://example.test/seed/{cluster}/{name}"),
                "east")
            : Actors.plain();
  }

  @Override
  public String name() {
    return "reference";
  }

  @Override
  public boolean has(String capability) {
    return switch (capability) {
      case "mtls" -> mutual;
      case "plain" -> !mutual;
      case "output-path" -> !mutual;
      default -> true;
    };
  }

  @Override
  public Actors actors() {
    return actors;
  }

  @Override
  public Running start(Start start) throws IOException {
    var started = new Started(start);
    switch (start.role()) {
      case SCHEDULER -> started.scheduler();
      case PEER -> started.peer();
      case MANAGER -> started.manager();
      default -> throw new IOException("the reference program is no " + start.role().text());
    }
    return started;
  }

  private final class Started implements Running {
    private final Start start;
    private final Deque<Runnable> closers = new ArrayDeque<>();
    private final Deque<Runnable> leaving = new ArrayDeque<>();
    private Endpoint endpoint = new Endpoint("127.0.0.1", 1);
    private Optional<Endpoint> proxy = Optional.empty();
    private Optional<Endpoint> rest = Optional.empty();

    Started(Start start) {
      this.start = start;
    }

    private Credentials own() {
      return actors.credentials(start.role(), "own");
    }

    private Optional<Identity> identity() {
      return mutual ? Optional.of(actors.identity(start.role(), "own")) : Optional.empty();
    }

    private Channel channel(Endpoint to, Credentials credentials) {
      var builder = NettyChannelBuilder.forAddress(new InetSocketAddress(to.host(), to.port()));
      credentials.client().ifPresentOrElse(tls -> builder.sslContext(tls).overrideAuthority("localhost"), builder::usePlaintext);
      ManagedChannel channel = builder.build();
      closers.push(channel::shutdownNow);
      return channel;
    }

    void scheduler() throws IOException {
      Channel manager = channel(start.manager(), own());
      var settings = new RefSettings(ManagerGrpc.newBlockingStub(manager), faults);
      ScheduledExecutorService timer = Executors.newSingleThreadScheduledExecutor();
      closers.push(timer::shutdownNow);
      var seeds = new RefSeeds(this::channel, own(), faults);
      var service = new ReferenceScheduler(faults, settings, seeds, timer, new RefFurther(faults, to -> channel(to, own())), mutual);
      serve(service);
      ManagerGrpc.newBlockingStub(manager)
          .withDeadlineAfter(10, TimeUnit.SECONDS)
          .updateScheduler(
              UpdateSchedulerRequest.newBuilder().setHostname("s1").setSchedulerClusterId(1).setIp("127.0.0.1").setPort(endpoint.port()).build());
      settings.ask();
      timer.scheduleWithFixedDelay(settings::ask, 200, 200, TimeUnit.MILLISECONDS);
      timer.scheduleWithFixedDelay(service::collect, 100, 100, TimeUnit.MILLISECONDS);
    }

    void manager() throws IOException {
      serve(new ReferenceManager(faults, mutual));
      var web = new RefRest(faults);
      closers.push(web::close);
      rest = Optional.of(new Endpoint("127.0.0.1", web.port()));
    }

    void peer() throws IOException {
      boolean first = !stores.containsKey(start.work());
      if (faults.contains(Fault.FORGETS_ON_RESTART)) {
        stores.remove(start.work());
      }
      java.nio.file.Files.createDirectories(start.work());
      RefStore store = stores.computeIfAbsent(start.work(), missing -> new RefStore());
      var pieces = new RefPieceServer(store, faults);
      closers.push(pieces::close);
      ScheduledExecutorService timer = Executors.newSingleThreadScheduledExecutor();
      closers.push(timer::shutdownNow);
      var found =
          ManagerGrpc.newBlockingStub(channel(start.manager(), own()))
              .withDeadlineAfter(10, TimeUnit.SECONDS)
              .listSchedulers(ListSchedulersRequest.newBuilder().setSourceType(SourceType.PEER_SOURCE).setHostname("own").setIp("127.0.0.1").build());
      List<HashRing.Member<Channel>> members =
          found.getSchedulersList().stream()
              .map(row -> new HashRing.Member<>(row.getHostname(), channel(new Endpoint(row.getIp(), row.getPort()), own())))
              .toList();
      var ground =
          new ReferencePeer.Ground(
              faults, store, pieces, HashRing.of(members), to -> channel(to, own()), timer, start.work(), mutual, first);
      var service = new ReferencePeer(ground);
      serve(service);
      var web = new RefProxy(service, faults);
      closers.push(web::close);
      proxy = Optional.of(new Endpoint("127.0.0.1", web.port()));
      members.forEach(member -> announce(SchedulerGrpc.newBlockingStub(member.value()), service));
    }

    private void announce(SchedulerGrpc.SchedulerBlockingStub scheduler, ReferencePeer service) {
      var host =
          Host.newBuilder()
              .setId(service.hostId())
              .setHostname("own")
              .setIp("127.0.0.1")
              .setPort(endpoint.port())
              .setDownloadPort(endpoint.port())
              .setOs("linux")
              .setPlatform("linux")
              .setCpu(CPU.getDefaultInstance())
              .setMemory(Memory.getDefaultInstance())
              .setNetwork(Network.getDefaultInstance())
              .setBuild(Build.getDefaultInstance());
      if (!faults.contains(Fault.ANNOUNCES_WITHOUT_DISK)) {
        host.setDisk(Disk.getDefaultInstance());
      }
      var request = AnnounceHostRequest.newBuilder().setHost(host).setInterval(Duration.newBuilder().setSeconds(300)).build();
      var calls = scheduler.withDeadlineAfter(10, TimeUnit.SECONDS);
      calls.announceHost(request);
      if (!faults.contains(Fault.LEAVES_SILENTLY)) {
        leaving.push(
            () -> {
              scheduler.withDeadlineAfter(10, TimeUnit.SECONDS).deleteHost(DeleteHostRequest.newBuilder().setHostId(service.hostId()).build());
            });
      }
    }

    private void serve(BindableService service) throws IOException {
      var health = new HealthStatusManager();
      health.setStatus("", ReferenceServer.any(faults, Fault.SAYS_NOT_SERVING, Fault.MANAGER_SAYS_NOT_SERVING, Fault.PEER_SAYS_NOT_SERVING) ? ServingStatus.NOT_SERVING : ServingStatus.SERVING);
      var services = new ArrayList<BindableService>(List.of(health.getHealthService()));
      services.add(() -> ServerInterceptors.intercept(service, new EagerHeaders()));
      if (ReferenceServer.any(faults, Fault.SERVES_REFLECTION, Fault.MANAGER_SERVES_REFLECTION, Fault.PEER_SERVES_REFLECTION)) {
        services.add(ProtoReflectionServiceV1.newInstance());
      }
      Server server = ReferenceServer.start(identity(), faults, services);
      closers.push(server::shutdownNow);
      endpoint = new Endpoint("127.0.0.1", server.getPort());
    }

    @Override
    public Endpoint endpoint() {
      return endpoint;
    }

    @Override
    public Optional<Endpoint> endpoint(String part) {
      return part.equals("proxy") ? proxy : rest;
    }

    @Override
    public String output() {
      return "";
    }

    @Override
    public void stop() {
      leaving.forEach(Runnable::run);
      close();
    }

    @Override
    public void close() {
      while (!closers.isEmpty()) {
        closers.pop().run();
      }
    }
  }
}
