package dev.damselfly.manager.seed;

import com.google.protobuf.Empty;
import dev.damselfly.api.error.Field;
import dev.damselfly.api.wire.manager.v2.DeleteSeedPeerRequest;
import dev.damselfly.api.wire.manager.v2.GetSeedPeerRequest;
import dev.damselfly.api.wire.manager.v2.ListSeedPeersRequest;
import dev.damselfly.api.wire.manager.v2.ListSeedPeersResponse;
import dev.damselfly.api.wire.manager.v2.Scheduler;
import dev.damselfly.api.wire.manager.v2.SeedPeer;
import dev.damselfly.api.wire.manager.v2.UpdateSeedPeerRequest;
import dev.damselfly.authz.identity.Caller;
import dev.damselfly.manager.address.HostName;
import dev.damselfly.manager.address.IpAddress;
import dev.damselfly.manager.cluster.Cluster;
import dev.damselfly.manager.cluster.Clusters;
import dev.damselfly.manager.cluster.SeedClusterId;
import java.util.List;
import java.util.Optional;

/// Adapter of the seed peer calls.
public final class SeedRpc {
  private final SeedPeers seeds;
  private final Clusters clusters;
  private final ActiveSchedulers schedulers;

  /// The schedulers that stand beside a seed peer in an answer.
  @FunctionalInterface
  public interface ActiveSchedulers {
    List<Scheduler> in(Cluster cluster);
  }

  public SeedRpc(SeedPeers seeds, Clusters clusters, ActiveSchedulers schedulers) {
    this.seeds = seeds;
    this.clusters = clusters;
    this.schedulers = schedulers;
  }

  public SeedPeer update(Caller caller, UpdateSeedPeerRequest request) {
    var id = cluster(request.getSeedPeerClusterId());
    var host = host(request.getHostname());
    var ip = Field.parse("ip", () -> IpAddress.parse(request.getIp()));
    var said =
        Field.parse(
            "port, download_port, idc, location",
            () ->
                new SeedRegistration(
                    host, ip, request.getPort(), request.getDownloadPort(), request.getIdc(), request.getLocation()));
    return SeedMessages.seedPeer(seeds.register(caller, id, said));
  }

  public SeedPeer get(Caller caller, GetSeedPeerRequest request) {
    var id = cluster(request.getSeedPeerClusterId());
    var row = seeds.find(caller, id, host(request.getHostname()), ip(request.getIp()));
    Cluster cluster = clusters.requireOwn(caller, id);
    return SeedMessages.seedPeer(row).toBuilder()
        .setSeedPeerCluster(SeedMessages.cluster(cluster))
        .addAllSchedulers(schedulers.in(cluster))
        .build();
  }

  /// The request names no cluster: the caller's own is meant.
  public ListSeedPeersResponse list(Caller caller, ListSeedPeersRequest request) {
    return ListSeedPeersResponse.newBuilder()
        .addAllSeedPeers(seeds.list(caller).stream().map(SeedMessages::seedPeer).toList())
        .build();
  }

  public Empty delete(Caller caller, DeleteSeedPeerRequest request) {
    seeds.delete(caller, cluster(request.getSeedPeerClusterId()), host(request.getHostname()), ip(request.getIp()));
    return Empty.getDefaultInstance();
  }

  private static SeedClusterId cluster(long wire) {
    return Field.parse("seed_peer_cluster_id", () -> new SeedClusterId(wire));
  }

  private static HostName host(String wire) {
    return Field.parse("hostname", () -> new HostName(wire));
  }

  private static Optional<IpAddress> ip(String wire) {
    return wire.isEmpty() ? Optional.empty() : Optional.of(Field.parse("ip", () -> IpAddress.parse(wire)));
  }
}
