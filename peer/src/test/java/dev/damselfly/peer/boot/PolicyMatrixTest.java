package dev.damselfly.peer.boot;

import static org.assertj.core.api.Assertions.assertThat;

import dev.damselfly.api.assurance.Threat;
import dev.damselfly.api.wire.dfdaemon.v2.DfdaemonUploadGrpc;
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

/// Every call of a peer's remote side with every kind of caller, over real connections.
@NullMarked
@Timeout(300)
class PolicyMatrixTest {
  private static final String PEER = "/damselfly/peer/c1/node-1";
  private static final String SEED = "/damselfly/seed-peer/c1/seed-1";
  private static final String SCHEDULER = "/damselfly/scheduler/c1/s1";
  private static final Set<String> HEALTH = Set.of("Check", "Watch");

  private final RunningPeer peer;
  private final RpcMatrix matrix;

  PolicyMatrixTest(@TempDir Path directory) throws Exception {
    peer = new RunningPeer(directory);
    matrix = new RpcMatrix(peer.process.server(), peer.ca, peer.audit);
  }

  @AfterEach
  void close() {
    matrix.close();
    peer.close();
  }

  private static Claims truth(String path) {
    return Claims.ofHost(path.substring(path.lastIndexOf('/') + 1), path.contains("/seed-peer/"));
  }

  private static Set<String> allBut(String... closed) {
    var names = new TreeSet<>(HEALTH);
    DfdaemonUploadGrpc.getServiceDescriptor()
        .getMethods()
        .forEach(method -> names.add(String.valueOf(method.getBareMethodName())));
    List.of(closed).forEach(names::remove);
    return names;
  }

  @Test
  @Threat({"S-UPG-8", "S-UPG-6"})
  void calls_areOpenToTheirRolesOnly() throws Exception {
    for (String child : List.of(PEER, SEED)) {
      assertThat(matrix.openTo(child, truth(child)))
          .as(child)
          .isEqualTo(allBut("StatLocalTask", "DownloadTask", "DeleteTask"));
    }
    assertThat(matrix.openTo(SCHEDULER, truth(SCHEDULER))).isEqualTo(allBut("SyncPieces", "SyncHost"));
    assertThat(matrix.openTo("/damselfly/operator/o", truth(PEER))).isEqualTo(Set.of("Check", "Watch", "StatLocalTask"));
    assertThat(matrix.openTo("/damselfly/manager/m", truth(PEER))).isEqualTo(HEALTH);
  }

  @Test
  @Threat({"TOB-1", "S-UPG-7", "S-UPG-8", "S-UPG-9", "F-43", "CVE-2026-24124"})
  void calls_areClosedToStrangers() throws Exception {
    assertThat(matrix.methods()).isEqualTo(allBut());
    assertThat(matrix.strangersLetIn(PEER)).isEmpty();
  }

  @Test
  @Threat("S-UPG-8")
  void calls_areClosedToOtherClusters() throws Exception {
    for (String path :
        List.of("/damselfly/peer/c2/node-1", "/damselfly/seed-peer/c2/seed-1", "/damselfly/scheduler/c2/s1")) {
      assertThat(matrix.openTo(path, truth(path))).as(path).isEmpty();
    }
  }

  @Test
  @Threat({"S-UPG-8", "S-UPG-5"})
  void calls_thatSpeakForAnotherHostAreRefused() throws Exception {
    var believed =
        matrix.believed(PEER, truth(PEER), Map.of("host_id", "127.0.0.1-node-2")).getOrDefault("host_id", Set.of());

    assertThat(believed).doesNotContain("SyncPieces", "SyncHost");
  }
}
