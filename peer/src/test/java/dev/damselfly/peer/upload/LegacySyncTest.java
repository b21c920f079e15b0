package dev.damselfly.peer.upload;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.damselfly.api.assurance.Threat;
import dev.damselfly.api.error.GrpcErrors;
import dev.damselfly.api.error.Reason;
import dev.damselfly.api.wire.common.v2.Host;
import dev.damselfly.api.wire.dfdaemon.v2.DfdaemonUploadGrpc;
import dev.damselfly.api.wire.dfdaemon.v2.SyncPiecesRequest;
import dev.damselfly.api.wire.dfdaemon.v2.SyncPiecesResponse;
import dev.damselfly.authz.guard.LegacyServer;
import dev.damselfly.authz.identity.TrustDomain;
import dev.damselfly.authz.legacy.LegacyCallers;
import dev.damselfly.authz.legacy.LegacyConfig;
import dev.damselfly.authz.limits.Limits;
import dev.damselfly.authz.limits.Part;
import dev.damselfly.authz.policy.Advertised;
import dev.damselfly.authz.policy.Bindings;
import dev.damselfly.authz.policy.Policy;
import dev.damselfly.authz.testing.RawClient;
import dev.damselfly.authz.testing.TestCa;
import dev.damselfly.peer.store.StoredTask;
import dev.damselfly.peer.testing.StillExecutor;
import dev.damselfly.peer.testing.TestHost;
import io.grpc.ManagedChannel;
import io.grpc.StatusRuntimeException;
import io.grpc.protobuf.services.HealthStatusManager;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.Iterator;
import java.util.List;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// Which pieces a child without an identity is told of, over a real connection.
@NullMarked
@Timeout(60)
class LegacySyncTest {
  private static final int SMALL = 1000;
  private static final long LENGTH = TestHost.PIECE + SMALL;

  private final TestHost parent;
  private final StillExecutor timer = new StillExecutor();
  private final LegacyServer server;
  private final RawClient client = new RawClient();
  private final ManagedChannel channel;

  LegacySyncTest(@TempDir Path directory) throws Exception {
    parent = new TestHost(TestCa.root("td.test"), "/damselfly/peer/c1/parent", directory, InstantSource.system());
    var address = new PieceAddress("10.0.0.77", 4105);
    var rpc = new LegacyUploadRpc(parent.store, address, new HostPulse(Host::getDefaultInstance, timer), timer);
    var policy = Policy.ofCluster("c1", UploadPolicy.legacyRows(new Bindings(Advertised.observedOnly())));
    var services = List.of(rpc.service(), new HealthStatusManager().getHealthService().bindService());
    var config = new LegacyConfig(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), List.of(), List.of());
    var place = new LegacyCallers.Place(new TrustDomain("td.test"), "c1");
    server = new LegacyServer(config, services, policy, place, parent.audit, Limits.of(Part.PEER)).start();
    channel = client.plain(server.port());
  }

  @AfterEach
  void close() {
    channel.shutdownNow();
    client.close();
    server.close();
    timer.shutdownNow();
    parent.close();
  }

  private Iterator<SyncPiecesResponse> sync(StoredTask task) {
    var request =
        SyncPiecesRequest.newBuilder()
            .setHostId("127.0.0.1-peer-b")
            .setTaskId(task.id().value())
            .addAllInterestedPieceNumbers(List.of(0, 1))
            .build();
    return DfdaemonUploadGrpc.newBlockingStub(channel).syncPieces(request);
  }

  @Test
  void piecesOfAPublicTask_comeAsTheyAreHeld_withThePortThereIs() {
    StoredTask task = parent.task("open", LENGTH, false);
    TestHost.put(task, 1, ByteBuffer.allocate(SMALL));

    Iterator<SyncPiecesResponse> pieces = sync(task);

    SyncPiecesResponse first = pieces.next();
    assertThat(first.getNumber()).isEqualTo(1);
    assertThat(first.getOffset()).isEqualTo(TestHost.PIECE);
    assertThat(first.getLength()).isEqualTo(SMALL);
    assertThat(first.getIp()).isEqualTo("10.0.0.77");
    assertThat(first.getTcpPort()).isEqualTo(4105);
    assertThat(first.hasQuicPort()).as("nothing listens for QUIC").isFalse();
    TestHost.put(task, 0, ByteBuffer.allocate((int) TestHost.PIECE));
    assertThat(pieces.next().getNumber()).isZero();
    assertThat(pieces.hasNext()).isFalse();
  }

  @Test
  @Threat("S-LEG-5")
  void restrictedTask_isUnknown() {
    StoredTask task = parent.task("restricted", SMALL, true);
    TestHost.put(task, 0, ByteBuffer.allocate(SMALL));

    var failure = catchThrowableOfType(StatusRuntimeException.class, () -> sync(task).next());

    assertThat(GrpcErrors.reasonOf(failure)).contains(Reason.TASK_UNKNOWN);
  }
}
