package dev.damselfly.manager.boot;

import static dev.damselfly.manager.fixture.TestCallers.at;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import dev.damselfly.api.wire.manager.v2.GetSchedulerRequest;
import dev.damselfly.api.wire.manager.v2.KeepAliveRequest;
import dev.damselfly.api.wire.manager.v2.ListSchedulersRequest;
import dev.damselfly.api.wire.manager.v2.ListSchedulersResponse;
import dev.damselfly.api.wire.manager.v2.Scheduler;
import dev.damselfly.api.wire.manager.v2.UpdateSchedulerRequest;
import dev.damselfly.authz.identity.Caller;
import dev.damselfly.manager.address.HostName;
import dev.damselfly.manager.address.IpAddress;
import dev.damselfly.manager.cluster.ClusterDocuments;
import dev.damselfly.manager.cluster.ClusterLimits;
import dev.damselfly.manager.cluster.ClusterStore;
import dev.damselfly.manager.cluster.Clusters;
import dev.damselfly.manager.fixture.TestCallers;
import dev.damselfly.manager.fixture.TestManager;
import dev.damselfly.manager.member.Place;
import dev.damselfly.manager.scheduler.SchedulerRpc;
import dev.damselfly.manager.scheduler.Schedulers;
import dev.damselfly.manager.seed.SeedPeers;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/// Messages recorded on the wire between existing programs: the same questions get the same answers, byte for byte,
/// but for the cluster document, which has no job rate because there are no jobs.
@NullMarked
class RecordedMessagesTest {
  private static final String UPDATE =
      "120b7363686564756c65722d61180122002a00320931302e37372e302e3338c23e42087363686564756c6542077072656865"
          + "61744a2a7b226d616e616765725f6b6565705f616c6976655f696e74657276616c223a353030303030303030307d";
  private static final String UPDATED =
      "0801120b7363686564756c65722d611a0022002a0931302e37372e302e3330c23e3a08696e61637469766540015a165b2273"
          + "63686564756c65222c2270726568656174225d";
  private static final String GET =
      "120b7363686564756c65722d611801220931302e37372e302e33";
  private static final String GOT =
      "0801120b7363686564756c65722d611a0022002a0931302e37372e302e3330c23e3a08696e61637469766540014a70080112"
          + "09636c75737465722d3122497b2263616e6469646174655f706172656e745f6c696d6974223a332c2266696c7465725f7061"
          + "72656e745f6c696d6974223a31352c226a6f625f726174655f6c696d6974223a31307d2a127b226c6f61645f6c696d697422"
          + "3a3230307d32027b7d5a165b227363686564756c65222c2270726568656174225d";
  private static final String ALIVE = GET;
  private static final String LIST =
      "08021206736565642d611a0a31302e37372e302e31313206312e352e31303a07756e6b6e6f776e4001";
  private static final String LISTED =
      "0ab9010801120b7363686564756c65722d611a0022002a0931302e37372e302e3330c23e3a0661637469766540014a740801"
          + "1209636c75737465722d3122497b2263616e6469646174655f706172656e745f6c696d6974223a332c2266696c7465725f70"
          + "6172656e745f6c696d6974223a31352c226a6f625f726174655f6c696d6974223a31307d2a127b226c6f61645f6c696d6974"
          + "223a3230307d32027b7d3a027b7d5a165b227363686564756c65222c2270726568656174225d";

  private static final Caller SCHEDULER = at(TestCallers.scheduler("cluster-1", "a"), "10.77.0.3");
  private static final Caller SEED = at(TestCallers.seed("cluster-1", "seed-a"), "10.77.0.11");

  private final TestManager manager = new TestManager();
  private final SchedulerRpc rpc = rpc();

  private SchedulerRpc rpc() {
    manager.database.inTransaction(
        handle -> handle.execute("update scheduler_cluster set name = 'cluster-1' where name = 'east'"));
    var declared =
        new ClusterStore(manager.database, manager.clock).declare(List.of(TestManager.cluster("cluster-1")));
    var clusters = new Clusters(declared);
    var seeds = new SeedPeers(manager.database, clusters, manager.audit, manager.clock);
    return new SchedulerRpc(new Schedulers(manager.database, clusters, seeds, manager.audit, manager.clock));
  }

  @AfterEach
  void close() {
    manager.close();
  }

  @Test
  void answers_areThoseOfTheRecordings() throws Exception {
    var updated = rpc.update(SCHEDULER, UpdateSchedulerRequest.parseFrom(bytes(UPDATE)));
    var got = rpc.get(SCHEDULER, GetSchedulerRequest.parseFrom(bytes(GET)));
    var alive = KeepAliveRequest.parseFrom(bytes(ALIVE));
    manager.live.begin(
        SCHEDULER.id(),
        new Place(
            alive.getClusterId(), new HostName(alive.getHostname()), Optional.of(IpAddress.parse(alive.getIp()))));
    var listed = rpc.list(SEED, ListSchedulersRequest.parseFrom(bytes(LIST)));

    assertThat(hex(updated.toByteArray())).isEqualTo(UPDATED);
    assertThat(got).isEqualTo(ours(Scheduler.parseFrom(bytes(GOT))));
    var recorded = ListSchedulersResponse.parseFrom(bytes(LISTED));
    assertThat(listed).isEqualTo(recorded.toBuilder().setSchedulers(0, ours(recorded.getSchedulers(0))).build());
  }

  private static Scheduler ours(Scheduler recorded) {
    var cluster =
        recorded.getSchedulerCluster().toBuilder()
            .setConfig(ByteString.copyFromUtf8(ClusterDocuments.config(ClusterLimits.DEFAULT)));
    return recorded.toBuilder().setSchedulerCluster(cluster).build();
  }

  private static byte[] bytes(String hex) {
    return HexFormat.of().parseHex(hex);
  }

  private static String hex(byte[] bytes) {
    return HexFormat.of().formatHex(bytes);
  }
}
