package dev.damselfly.scheduler.boot;

import static org.assertj.core.api.Assertions.assertThat;

import dev.damselfly.api.assurance.Threat;
import dev.damselfly.api.wire.damselfly.v1.SwarmGrpc;
import dev.damselfly.api.wire.scheduler.v2.SchedulerGrpc;
import dev.damselfly.authz.testing.Claims;
import dev.damselfly.authz.testing.RpcMatrix;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// Every call of the process with every kind of caller, over real connections.
@NullMarked
@Timeout(300)
class PolicyMatrixTest {
  private static final String PEER = "/damselfly/peer/1/node-1";
  private static final String SEED = "/damselfly/seed-peer/1/seed-1";
  private static final Set<String> HEALTH = Set.of("Check", "Watch");

  private final RunningScheduler scheduler;
  private final RpcMatrix matrix;

  PolicyMatrixTest() throws Exception {
    scheduler = new RunningScheduler();
    matrix = new RpcMatrix(scheduler.process.server(), scheduler.ca, scheduler.audit);
  }

  @AfterEach
  void close() {
    matrix.close();
    scheduler.close();
  }

  private static Claims truth(String path) {
    return Claims.ofHost(path.substring(path.lastIndexOf('/') + 1), path.contains("/seed-peer/"));
  }

  private static Set<String> all() {
    var names = new TreeSet<>(HEALTH);
    Stream.of(SchedulerGrpc.getServiceDescriptor(), SwarmGrpc.getServiceDescriptor())
        .flatMap(service -> service.getMethods().stream())
        .forEach(method -> names.add(String.valueOf(method.getBareMethodName())));
    return names;
  }

  @Test
  @Threat("S-SCH-1")
  void calls_areOpenToTheirRolesOnly() throws Exception {
    assertThat(matrix.openTo(PEER, truth(PEER))).isEqualTo(all());
    assertThat(matrix.openTo(SEED, truth(SEED))).isEqualTo(all());
    assertThat(matrix.openTo("/damselfly/operator/o", truth(PEER))).isEqualTo(Set.of("Check", "Watch", "ListHosts"));
    for (String other : List.of("/damselfly/manager/m", "/damselfly/scheduler/1/t")) {
      assertThat(matrix.openTo(other, truth(PEER))).as(other).isEqualTo(HEALTH);
    }
  }

  @Test
  @Threat({"TOB-1", "S-SCH-1"})
  void calls_areClosedToStrangers() throws Exception {
    assertThat(matrix.methods()).isEqualTo(all());
    assertThat(matrix.strangersLetIn(PEER)).isEmpty();
  }

  @Test
  @Threat("S-SCH-1")
  void calls_areClosedToOtherClusters() throws Exception {
    for (String path : List.of("/damselfly/peer/2/node-1", "/damselfly/seed-peer/2/seed-1", "/damselfly/scheduler/2/s")) {
      assertThat(matrix.openTo(path, truth(path))).as(path).isEmpty();
    }
  }

  @Test
  @Threat("S-SCH-1")
  void calls_thatSpeakForAnotherHostAreRefused() throws Exception {
    Map<String, Object> lies =
        Map.of(
            "host_id", "127.0.0.1-node-2",
            "peer_id", "127.0.0.1-node-2-00000000-0000-4000-8000-000000000001",
            "hostname", "node-2",
            "Host.id", "127.0.0.1-node-2");

    var believed = matrix.believed(PEER, truth(PEER), lies);

    var served = new TreeSet<>(SchedulerPolicy.SERVED);
    served.add("Join");
    believed.forEach((field, methods) -> assertThat(methods).as(field).doesNotContainAnyElementsOf(served));
  }
}
