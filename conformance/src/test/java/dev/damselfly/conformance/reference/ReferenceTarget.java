package dev.damselfly.conformance.reference;

import dev.damselfly.api.wire.manager.v2.ManagerGrpc;
import dev.damselfly.api.wire.manager.v2.UpdateSchedulerRequest;
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
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;

/// The reference program in this process, reached over the loopback address as any other.
public final class ReferenceTarget implements Target {
  private static final Set<String> MISSING = Set.of("rest");

  private final boolean mutual;
  private final Set<Fault> faults;
  private final Actors actors;

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
      default -> !MISSING.contains(capability);
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
      case MANAGER -> started.serve(new ReferenceManager(faults, mutual));
      default -> throw new IOException("the reference program is no " + start.role().text());
    }
    return started;
  }

  private final class Started implements Running {
    private final Start start;
    private final Deque<Runnable> closers = new ArrayDeque<>();
    private Endpoint endpoint = new Endpoint("127.0.0.1", 1);

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
      var service = new ReferenceScheduler(faults, settings, seeds, timer, mutual);
      serve(service);
      ManagerGrpc.newBlockingStub(manager)
          .withDeadlineAfter(10, TimeUnit.SECONDS)
          .updateScheduler(
              UpdateSchedulerRequest.newBuilder().setHostname("s1").setSchedulerClusterId(1).setIp("127.0.0.1").setPort(endpoint.port()).build());
      settings.ask();
      timer.scheduleWithFixedDelay(settings::ask, 200, 200, TimeUnit.MILLISECONDS);
      timer.scheduleWithFixedDelay(service::collect, 100, 100, TimeUnit.MILLISECONDS);
    }

    private void serve(BindableService service) throws IOException {
      var health = new HealthStatusManager();
      health.setStatus("", faults.contains(Fault.SAYS_NOT_SERVING) || faults.contains(Fault.MANAGER_SAYS_NOT_SERVING) ? ServingStatus.NOT_SERVING : ServingStatus.SERVING);
      var services = new ArrayList<BindableService>(List.of(health.getHealthService()));
      services.add(() -> ServerInterceptors.intercept(service, new EagerHeaders()));
      if (faults.contains(Fault.SERVES_REFLECTION) || faults.contains(Fault.MANAGER_SERVES_REFLECTION)) {
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
      return Optional.empty();
    }

    @Override
    public String output() {
      return "";
    }

    @Override
    public void stop() {
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
