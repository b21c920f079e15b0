package dev.damselfly.scheduler.boot;

import com.google.protobuf.Duration;
import dev.damselfly.api.error.GrpcErrors;
import dev.damselfly.api.error.RequestFailure;
import dev.damselfly.api.id.TaskId;
import dev.damselfly.api.id.TaskTuple;
import dev.damselfly.api.wire.common.v2.Download;
import dev.damselfly.api.wire.common.v2.Host;
import dev.damselfly.api.wire.common.v2.Network;
import dev.damselfly.api.wire.damselfly.v1.SwarmGrpc;
import dev.damselfly.api.wire.scheduler.v2.AnnounceHostRequest;
import dev.damselfly.api.wire.scheduler.v2.SchedulerGrpc;
import dev.damselfly.authz.audit.AuditEvent;
import dev.damselfly.authz.identity.Caller;
import dev.damselfly.authz.identity.Role;
import dev.damselfly.authz.identity.SpiffeId;
import dev.damselfly.scheduler.announce.AnnounceConfig;
import dev.damselfly.scheduler.announce.Announcements;
import dev.damselfly.scheduler.cluster.Cluster;
import dev.damselfly.scheduler.host.HostCalls;
import dev.damselfly.scheduler.host.Hosts;
import dev.damselfly.scheduler.seed.FakeSeeds;
import dev.damselfly.scheduler.swarm.GrantSigner;
import dev.damselfly.scheduler.swarm.SwarmConfig;
import dev.damselfly.scheduler.swarm.SwarmRpc;
import dev.damselfly.scheduler.swarm.Swarms;
import dev.damselfly.scheduler.task.TaskCalls;
import dev.damselfly.scheduler.task.Tasks;
import dev.damselfly.scheduler.task.TupleRule;
import dev.damselfly.scheduler.time.ManualTimer;
import io.grpc.Context;
import io.grpc.Contexts;
import io.grpc.ForwardingServerCallListener.SimpleForwardingServerCallListener;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.Server;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.ServerInterceptors;
import io.grpc.inprocess.InProcessChannelBuilder;
import io.grpc.inprocess.InProcessServerBuilder;
import io.grpc.stub.MetadataUtils;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.NullMarked;

/// A whole scheduler without network: real features, manual time, seeded random, callers chosen by the test.
@NullMarked
public final class Harness implements AutoCloseable {
  public static final long MIB = 1L << 20;

  private static final Metadata.Key<String> CALLER = Metadata.Key.of("caller", Metadata.ASCII_STRING_MARSHALLER);
  private static final Context.Key<Caller> KEY = Context.key("test-caller");

  public final ManualTimer timer = new ManualTimer();
  public final FakeSeeds seeds = new FakeSeeds();
  public final List<AuditEvent> audit = new ArrayList<>();
  public final Hosts hosts = new Hosts(1000);
  public final Cluster cluster = new Cluster();
  public final Tasks tasks;
  public final Swarms swarms;

  private final Server server;
  private final ManagedChannel channel;
  private final Map<String, Caller> callers = new ConcurrentHashMap<>();

  public Harness() {
    this(SwarmConfig.DEFAULT, new Tasks.Limits(1000, 10_000, 100, 200));
  }

  public Harness(SwarmConfig config, Tasks.Limits limits) {
    this(config, limits, TupleRule.WIRE);
  }

  public Harness(SwarmConfig config, Tasks.Limits limits, TupleRule rule) {
    tasks = new Tasks(limits, rule, timer);
    var random = new SplittableRandom(7);
    var self = SpiffeId.parse("spiffe://test/damselfly/scheduler/1/s");
    var signer = new GrantSigner(() -> self, "1", config.mesh().grantTtl(), java.time.Duration.ofDays(1), timer);
    swarms = new Swarms(new Swarms.Scope(hosts, tasks, seeds, timer, random, signer, config, audit::add));
    var hostCalls =
        new HostCalls(
            hosts,
            1,
            host -> {
              tasks.leave(host);
              swarms.leave(host);
            },
            audit::add,
            timer);
    var announcements =
        new Announcements(
            new Announcements.Scope(hosts, tasks, cluster, seeds, timer, random, AnnounceConfig.DEFAULT));
    var rpc = new SchedulerRpc(hostCalls, new TaskCalls(hosts, tasks, audit::add), announcements, _ -> {}, hosts, KEY::get);
    var denials = new RecordedDenials(audit::add, KEY::get);
    String name = InProcessServerBuilder.generateName();
    try {
      server =
          InProcessServerBuilder.forName(name)
              .directExecutor()
              .addService(ServerInterceptors.intercept(rpc, denials))
              .addService(ServerInterceptors.intercept(new SwarmRpc(swarms, KEY::get), denials))
              .intercept(new Edge())
              .build()
              .start();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    channel = InProcessChannelBuilder.forName(name).directExecutor().build();
  }

  /// Caller from the test's header, failures as the guard maps them.
  private final class Edge implements ServerInterceptor {
    @Override
    public <Q, A> ServerCall.Listener<Q> interceptCall(
        ServerCall<Q, A> call, Metadata headers, ServerCallHandler<Q, A> next) {
      Caller caller = callers.get(String.valueOf(headers.get(CALLER)));
      Context context = Context.current().withValue(KEY, caller);
      return new SimpleForwardingServerCallListener<>(Contexts.interceptCall(context, call, headers, next)) {
        @Override
        public void onHalfClose() {
          try {
            super.onHalfClose();
          } catch (RequestFailure e) {
            var status = GrpcErrors.toStatus(e);
            Metadata trailers = status.getTrailers();
            call.close(status.getStatus(), trailers == null ? new Metadata() : trailers);
          }
        }
      };
    }
  }

  public Caller caller(String name, Role role) {
    String kind =
        switch (role) {
          case SEED_PEER -> "seed-peer";
          case LEGACY -> "legacy";
          default -> "peer";
        };
    var id = SpiffeId.parse("spiffe://test/damselfly/" + kind + "/1/" + name);
    int last = 1 + Math.floorMod(name.hashCode(), 250);
    var caller =
        new Caller(
            id,
            role,
            java.util.Optional.of("1"),
            name,
            Instant.MAX,
            new InetSocketAddress("127.0.0." + last, 40_000));
    callers.put(name, caller);
    return caller;
  }

  public SchedulerGrpc.SchedulerStub scheduler(String name) {
    return SchedulerGrpc.newStub(channel).withInterceptors(MetadataUtils.newAttachHeadersInterceptor(header(name)));
  }

  public SchedulerGrpc.SchedulerBlockingStub blocking(String name) {
    return SchedulerGrpc.newBlockingStub(channel)
        .withInterceptors(MetadataUtils.newAttachHeadersInterceptor(header(name)));
  }

  public SwarmGrpc.SwarmStub swarm(String name) {
    return SwarmGrpc.newStub(channel).withInterceptors(MetadataUtils.newAttachHeadersInterceptor(header(name)));
  }

  public SwarmGrpc.SwarmBlockingStub swarmBlocking(String name) {
    return SwarmGrpc.newBlockingStub(channel).withInterceptors(MetadataUtils.newAttachHeadersInterceptor(header(name)));
  }

  private static Metadata header(String name) {
    var headers = new Metadata();
    headers.put(CALLER, name);
    return headers;
  }

  /// Announces a host of that name and returns its id.
  public String announce(String name, Role role) {
    Caller caller = caller(name, role);
    String ip = caller.remote().getHostString();
    String id = ip + "-" + name + (role == Role.SEED_PEER ? "-seed" : "");
    blocking(name)
        .announceHost(
            AnnounceHostRequest.newBuilder()
                .setHost(
                    Host.newBuilder()
                        .setId(id)
                        .setHostname(name)
                        .setIp(ip)
                        .setPort(4000)
                        .setDownloadPort(4000)
                        .setType(role == Role.SEED_PEER ? 1 : 0)
                        .setNetwork(Network.newBuilder().setMaxTxBandwidth(10_000_000_000L).setIdc("a")))
                .setInterval(Duration.newBuilder().setSeconds(300))
                .build());
    return id;
  }

  /// A download of `pieces` pieces of 4 MiB.
  public static Download download(String url, int pieces) {
    return Download.newBuilder()
        .setUrl(url)
        .setActualContentLength(4L * pieces * MIB)
        .setActualPieceLength(4 * MIB)
        .setActualPieceCount(pieces)
        .build();
  }

  public static TaskId taskId(Download download) {
    return TaskTuple.of(download).id();
  }

  @Override
  public void close() {
    channel.shutdownNow();
    server.shutdownNow();
  }
}
