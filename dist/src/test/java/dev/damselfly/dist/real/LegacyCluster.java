package dev.damselfly.dist.real;

import dev.damselfly.api.id.HostPort;
import dev.damselfly.api.wire.common.v2.Host;
import dev.damselfly.api.wire.scheduler.v2.ListHostsRequest;
import dev.damselfly.api.wire.scheduler.v2.SchedulerGrpc;
import dev.damselfly.authz.guard.GuardedChannels;
import dev.damselfly.authz.identity.Expected;
import dev.damselfly.authz.identity.Role;
import dev.damselfly.authz.identity.RoleTemplate;
import dev.damselfly.authz.identity.TrustDomain;
import dev.damselfly.authz.identity.workload.WorkloadApiSource;
import dev.damselfly.authz.identity.workload.WorkloadEndpoint;
import dev.damselfly.authz.testing.MemoryAudit;
import io.grpc.ManagedChannel;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/// A cluster whose processes take programs without an identity, a wiretap before its schedulers, and upstream daemons.
final class LegacyCluster implements AutoCloseable {
  private static final String FIRST = "127.0.0.1";
  private static final String SECOND = "127.0.0.2";
  private static final String STRANGER = "looker";

  private final Path home;
  private final Wiretap tap;
  private final Cluster cluster;
  private final int managerPort;
  private final Deque<Dfdaemon> daemons = new ArrayDeque<>();

  private LegacyCluster(Path home, Wiretap tap, Cluster cluster, int managerPort) {
    this.home = home;
    this.tap = tap;
    this.cluster = cluster;
    this.managerPort = managerPort;
  }

  /// @param home a short path: sockets lie below it
  static LegacyCluster start(Path home, List<String> peers, boolean seed) throws IOException, InterruptedException {
    return start(home, peers, seed, "");
  }

  /// @param clusterKeys further keys of the cluster at the manager
  static LegacyCluster start(Path home, List<String> peers, boolean seed, String clusterKeys)
      throws IOException, InterruptedException {
    return start(home, peers, seed, clusterKeys, "");
  }

  /// @param peerKeys further keys of each peer
  static LegacyCluster start(Path home, List<String> peers, boolean seed, String clusterKeys, String peerKeys)
      throws IOException, InterruptedException {
    int managerPort = freePort(FIRST);
    var first = new InetSocketAddress(FIRST, freePort(FIRST));
    var second = new InetSocketAddress(SECOND, freePort(SECOND));
    var targets = new LinkedHashMap<String, InetSocketAddress>();
    targets.put(FIRST, first);
    targets.put(SECOND, second);
    var tap = Wiretap.start(targets);
    var settings = new HashMap<String, String>();
    settings.put(
        "manager",
        """
        clusters: [{name: east, default: true, member-networks: ["127.0.0.0/8"]%s}],
        legacy: {listen: "%s:%d", cluster: east, scheduler-port: %d}"""
            .formatted(clusterKeys, FIRST, managerPort, tap.port()));
    settings.put("scheduler-1", legacy(FIRST, first));
    settings.put("scheduler-2", legacy(SECOND, second));
    for (String peer : peers) {
      settings.put(peer, PEER + tools(home, peer) + peerKeys);
    }
    settings.put("seed-1", PEER);
    var plan = Cluster.Plan.of(peers).withStrangers(List.of(STRANGER)).withSettings(settings);
    try {
      return new LegacyCluster(home, tap, Cluster.start(home, seed ? plan.withSeed() : plan), managerPort);
    } catch (IOException | InterruptedException | RuntimeException e) {
      tap.close();
      throw e;
    }
  }

  private static final String PEER =
      Cluster.Plan.LOOPBACK + ", legacy: {listen: \"127.0.0.1:0\", piece-listen: \"127.0.0.1:0\"}";

  private static String tools(Path home, String peer) {
    return ", download-socket: {socket: \"%s\", output-directories: [\"%s\"]}".formatted(toolsSocket(home, peer), home);
  }

  private static Path toolsSocket(Path home, String peer) {
    return home.resolve(peer + "-t").resolve("d.sock");
  }

  /// The socket of upstream's tools at a peer of ours; outputs may go to the home of the cluster.
  Path toolsSocket(String peer) {
    return toolsSocket(home, peer);
  }

  private static String legacy(String address, InetSocketAddress plain) {
    return "listen: \"%s:0\", legacy: {listen: \"%s:%d\"}".formatted(address, address, plain.getPort());
  }

  static int freePort(String address) throws IOException {
    try (var probe = new ServerSocket(0, 1, InetAddress.getByName(address))) {
      return probe.getLocalPort();
    }
  }

  Cluster cluster() {
    return cluster;
  }

  Wiretap tap() {
    return tap;
  }

  /// Starts an upstream daemon, and waits until both schedulers know it.
  Dfdaemon daemon(String name, Map<String, String> more) throws IOException, InterruptedException {
    var daemon = Dfdaemon.start(Files.createDirectories(home.resolve(name)), cluster.command(), name, managerPort, more);
    daemons.push(daemon);
    cluster.awaitAudit("scheduler-1", "host:" + daemon.hostId() + "\"");
    cluster.awaitAudit("scheduler-2", "host:" + daemon.hostId() + "\"");
    return daemon;
  }

  /// Hosts that a scheduler tells to a member of its cluster.
  List<Host> hosts(String scheduler) throws Exception {
    var clock = InstantSource.system();
    var audit = new MemoryAudit();
    var endpoint = WorkloadEndpoint.parse(cluster.workloadApi(STRANGER));
    String address = scheduler.equals("scheduler-1") ? FIRST : SECOND;
    try (var identity = WorkloadApiSource.open(endpoint, Optional.empty(), clock, audit, Duration.ofSeconds(60));
        var channels = new GuardedChannels(identity, new RoleTemplate(new TrustDomain("example.test")), audit, clock)) {
      ManagedChannel channel =
          channels.open(new HostPort(address, cluster.port(scheduler)), Expected.role(Role.SCHEDULER).inCluster("east"));
      try {
        return SchedulerGrpc.newBlockingStub(channel)
            .withDeadlineAfter(10, TimeUnit.SECONDS)
            .listHosts(ListHostsRequest.getDefaultInstance())
            .getHostsList();
      } finally {
        channel.shutdownNow();
      }
    }
  }

  @Override
  public void close() {
    while (!daemons.isEmpty()) {
      daemons.pop().close();
    }
    cluster.close();
    tap.close();
  }
}
