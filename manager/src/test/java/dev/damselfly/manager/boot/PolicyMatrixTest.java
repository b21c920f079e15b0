package dev.damselfly.manager.boot;

import static org.assertj.core.api.Assertions.assertThat;

import dev.damselfly.api.assurance.Threat;
import dev.damselfly.api.wire.manager.v2.ManagerGrpc;
import dev.damselfly.api.wire.manager.v2.SourceType;
import dev.damselfly.authz.testing.Claims;
import dev.damselfly.authz.testing.RpcMatrix;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// Every call of the process with every kind of caller, over real connections.
@NullMarked
@Timeout(300)
class PolicyMatrixTest {
  private static final String PEER = "/damselfly/peer/east/node-1";
  private static final String SEED = "/damselfly/seed-peer/east/seed-a";
  private static final String SCHEDULER = "/damselfly/scheduler/east/a";
  private static final Set<String> HEALTH = Set.of("Check", "Watch");
  private static final Map<String, Set<String>> ALLOWED =
      Map.of(
          SCHEDULER,
          Set.of("UpdateScheduler", "GetScheduler", "ListApplications", "KeepAlive", "GetSeedPeer", "ListSeedPeers"),
          PEER,
          Set.of("ListSchedulers"),
          SEED,
          Set.of("ListSchedulers", "KeepAlive", "UpdateSeedPeer", "DeleteSeedPeer", "GetSeedPeer", "ListSeedPeers"),
          "/damselfly/operator/o",
          Set.of(),
          "/damselfly/manager/other",
          Set.of());

  private final RunningManager manager;
  private final RpcMatrix matrix;

  PolicyMatrixTest(@TempDir Path parent) throws Exception {
    manager = new RunningManager(parent.resolve("db"));
    matrix = new RpcMatrix(manager.process.server(), manager.ca, manager.audit);
  }

  @AfterEach
  void close() {
    matrix.close();
    manager.close();
  }

  /// What an identity may truthfully say in any request.
  private static Claims truth(String path) {
    List<String> segments = List.of(path.split("/"));
    SourceType source =
        switch (segments.get(2)) {
          case "peer" -> SourceType.PEER_SOURCE;
          case "seed-peer" -> SourceType.SEED_PEER_SOURCE;
          default -> SourceType.SCHEDULER_SOURCE;
        };
    return Claims.ofHost(segments.getLast(), false)
        .with("source_type", source.getNumber())
        .with("port", 8002)
        .with("download_port", 8003)
        .with("UpdateSeedPeerRequest.type", "super")
        .with("scheduler_cluster_id", 1L)
        .with("seed_peer_cluster_id", 1L)
        .with("cluster_id", 1L);
  }

  @Test
  @Threat({"S-MGR-9", "S-MGR-12"})
  void calls_areOpenToTheirRolesOnly() throws Exception {
    for (var row : ALLOWED.entrySet()) {
      var expected = new TreeSet<>(HEALTH);
      expected.addAll(row.getValue());

      assertThat(matrix.openTo(row.getKey(), truth(row.getKey()))).as(row.getKey()).isEqualTo(expected);
    }
  }

  @Test
  @Threat({"TOB-1", "S-MGR-9"})
  void calls_areClosedToStrangers() throws Exception {
    assertThat(matrix.methods()).hasSize(ManagerGrpc.getServiceDescriptor().getMethods().size() + HEALTH.size());
    assertThat(matrix.strangersLetIn(PEER)).isEmpty();
  }

  /// Clusters are rows here: the features judge them, and nothing may come of it.
  @Test
  @Threat({"S-MGR-9", "S-MGR-12"})
  void calls_ofAnotherClusterChangeAndTellNothing() throws Exception {
    var asked = manager.as(PEER);
    for (String other : List.of("/damselfly/scheduler/west/a", "/damselfly/seed-peer/west/seed-a", "/damselfly/scheduler/nowhere/a")) {
      var believed =
          matrix.believed(
              other, truth(other), Map.of("scheduler_cluster_id", 1L, "seed_peer_cluster_id", 1L, "cluster_id", 1L));

      assertThat(believed).as(other).isEmpty();
      assertThat(manager.suited(asked)).isEmpty();
    }
  }

  @Test
  @Threat("S-MGR-12")
  void calls_thatSpeakForAnotherHostAreRefused() throws Exception {
    ManagerGrpc.newBlockingStub(manager.as(SCHEDULER)).updateScheduler(RunningManager.registration());

    assertThat(believedHost(PEER, "another")).isEmpty();
    // These name the row that is asked for, in the caller's own cluster; they say nothing of the caller.
    assertThat(believedHost(SEED, "another")).isEqualTo(Set.of("GetSeedPeer", "ListSeedPeers"));
    assertThat(believedHost("/damselfly/scheduler/east/b", "scheduler-a")).doesNotContain("UpdateScheduler");
    assertThat(manager.suited(manager.as(PEER))).isEmpty(); // nor did its keep-alive make the other's row live
  }

  private Set<String> believedHost(String path, String host) throws InterruptedException {
    return matrix.believed(path, truth(path), Map.of("hostname", host)).getOrDefault("hostname", Set.of());
  }
}
