package dev.damselfly.manager.seed;

import com.google.protobuf.ByteString;
import dev.damselfly.api.wire.manager.v2.SeedPeer;
import dev.damselfly.api.wire.manager.v2.SeedPeerCluster;
import dev.damselfly.manager.cluster.Cluster;
import dev.damselfly.manager.cluster.ClusterDocuments;

/// Values to messages.
public final class SeedMessages {
  private SeedMessages() {}

  /// Without cluster and schedulers.
  public static SeedPeer seedPeer(SeedPeerRow row) {
    return SeedPeer.newBuilder()
        .setId(row.id())
        .setHostname(row.said().host().value())
        .setType(SeedPeerRow.TYPE)
        .setIdc(row.said().idc())
        .setLocation(row.said().location())
        .setIp(row.said().ip().toString())
        .setPort(row.said().port())
        .setDownloadPort(row.said().downloadPort())
        .setState(row.active() ? "active" : "inactive")
        .setSeedPeerClusterId(row.cluster().value())
        .build();
  }

  static SeedPeerCluster cluster(Cluster cluster) {
    return SeedPeerCluster.newBuilder()
        .setId(cluster.seeds().value())
        .setName(cluster.name().value())
        .setBio(cluster.spec().bio())
        .setConfig(ByteString.copyFromUtf8(ClusterDocuments.seedConfig(cluster.spec().limits())))
        .build();
  }
}
