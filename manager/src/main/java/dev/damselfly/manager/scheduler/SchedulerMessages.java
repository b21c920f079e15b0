package dev.damselfly.manager.scheduler;

import com.google.protobuf.ByteString;
import dev.damselfly.api.wire.manager.v2.Scheduler;
import dev.damselfly.api.wire.manager.v2.SchedulerCluster;
import dev.damselfly.manager.cluster.Cluster;
import dev.damselfly.manager.cluster.ClusterDocuments;
import dev.damselfly.manager.seed.SeedMessages;

/// Values to messages. Optional texts are always set, empty ones too, as clients of this protocol are used to.
public final class SchedulerMessages {
  private SchedulerMessages() {}

  /// Without cluster and seed peers.
  public static Scheduler scheduler(SchedulerRow row) {
    return Scheduler.newBuilder()
        .setId(row.id())
        .setHostname(row.said().host().value())
        .setIdc(row.said().idc())
        .setLocation(row.said().location())
        .setIp(row.said().ip().toString())
        .setPort(row.said().port())
        .setState(row.active() ? "active" : "inactive")
        .setSchedulerClusterId(row.cluster().value())
        .setFeatures(ByteString.copyFromUtf8(row.said().features().document()))
        .build();
  }

  /// For schedulers: without the configuration of seed clients.
  static Scheduler forScheduler(Advertised advertised) {
    return with(advertised, cluster(advertised.cluster()).build());
  }

  static Scheduler forPeer(Advertised advertised) {
    var cluster =
        cluster(advertised.cluster())
            .setSeedClientConfig(ByteString.copyFromUtf8(ClusterDocuments.seedClientConfig(advertised.cluster().spec())));
    return with(advertised, cluster.build());
  }

  private static Scheduler with(Advertised advertised, SchedulerCluster cluster) {
    var message = scheduler(advertised.scheduler()).toBuilder().setSchedulerCluster(cluster);
    advertised.seeds().forEach(seed -> message.addSeedPeers(SeedMessages.seedPeer(seed)));
    return message.build();
  }

  private static SchedulerCluster.Builder cluster(Cluster cluster) {
    return SchedulerCluster.newBuilder()
        .setId(cluster.id().value())
        .setName(cluster.name().value())
        .setBio(cluster.spec().bio())
        .setConfig(ByteString.copyFromUtf8(ClusterDocuments.config(cluster.spec().limits())))
        .setClientConfig(ByteString.copyFromUtf8(ClusterDocuments.clientConfig(cluster.spec())))
        .setScopes(ByteString.copyFromUtf8(ClusterDocuments.scopes(cluster.spec().scopes())));
  }
}
