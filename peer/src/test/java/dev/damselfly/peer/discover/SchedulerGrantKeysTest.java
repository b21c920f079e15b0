package dev.damselfly.peer.discover;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import dev.damselfly.api.assurance.Threat;
import dev.damselfly.api.id.HostPort;
import dev.damselfly.api.wire.damselfly.v1.GrantKey;
import dev.damselfly.api.wire.damselfly.v1.ListGrantKeysRequest;
import dev.damselfly.api.wire.damselfly.v1.ListGrantKeysResponse;
import dev.damselfly.api.wire.damselfly.v1.SwarmGrpc;
import dev.damselfly.authz.guard.GuardedChannels;
import dev.damselfly.authz.guard.GuardedServer;
import dev.damselfly.authz.identity.Expected;
import dev.damselfly.authz.identity.Role;
import dev.damselfly.authz.identity.RoleTemplate;
import dev.damselfly.authz.identity.SpiffeId;
import dev.damselfly.authz.testing.FixedIdentity;
import dev.damselfly.authz.testing.LooseServer;
import dev.damselfly.authz.testing.ManualClock;
import dev.damselfly.authz.testing.MemoryAudit;
import dev.damselfly.authz.testing.TestCa;
import dev.damselfly.peer.testing.GrantMint;
import io.grpc.ManagedChannel;
import io.grpc.Status;
import io.grpc.stub.StreamObserver;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// A scheduler behind real TLS that fails as often as it is told.
@NullMarked
@Timeout(60)
class SchedulerGrantKeysTest {
  private static final SpiffeId SCHEDULER = SpiffeId.parse("spiffe://test.example/damselfly/scheduler/c1/s1");

  private final TestCa ca = TestCa.root("test.example");
  private final ManualClock clock = ManualClock.now();
  private final GrantMint mint = new GrantMint(SCHEDULER, clock);
  private final AtomicInteger asked = new AtomicInteger();
  private final AtomicInteger failures = new AtomicInteger();
  private final GuardedServer server;
  private final GuardedChannels channels;
  private final ManagedChannel unused;
  private final SchedulerGrantKeys keys;

  SchedulerGrantKeysTest() throws IOException {
    server = LooseServer.start(new FixedIdentity(ca.snapshot("/damselfly/scheduler/c1/s1")), new ListsKeys());
    channels =
        new GuardedChannels(
            new FixedIdentity(ca.snapshot("/damselfly/peer/c1/p")), new RoleTemplate(ca.trustDomain()), new MemoryAudit());
    var address = new HostPort("127.0.0.1", server.port());
    Expected expected = Expected.role(Role.SCHEDULER).inCluster("c1");
    unused = channels.open(address, expected);
    var node = new SchedulerNode(1, 1, "s1", address, unused);
    keys =
        new SchedulerGrantKeys(
            () -> List.of(node), (at, scheduler) -> channels.open(at, expected.exactly(scheduler)), clock);
  }

  @AfterEach
  void close() {
    unused.shutdownNow();
    channels.close();
    server.close();
  }

  @Test
  void key_isAskedForOnce() {
    assertThat(keys.find(SCHEDULER, GrantMint.KEY_ID)).contains(mint.publicKey());
    assertThat(keys.find(SCHEDULER, GrantMint.KEY_ID)).contains(mint.publicKey());

    assertThat(asked).hasValue(1);
  }

  /// As when a connection ends with an SVID in the moment of the question.
  @Test
  void connectionThatIsLost_isMadeAnew() {
    failures.set(2);

    assertThat(keys.find(SCHEDULER, GrantMint.KEY_ID)).contains(mint.publicKey());
  }

  @Test
  void schedulerThatIsAway_takesNoKeyAlong() {
    keys.find(SCHEDULER, GrantMint.KEY_ID);
    failures.set(Integer.MAX_VALUE);
    clock.advance(Duration.ofSeconds(3));

    assertThat(keys.find(SCHEDULER, "another")).isEmpty();
    assertThat(keys.find(SCHEDULER, GrantMint.KEY_ID)).contains(mint.publicKey());
  }

  /// Else whoever shows made-up grants would have this host flood the scheduler.
  @Test
  @Threat({"S-VTX-6"})
  void unknownKeys_areAskedForOnceInTwoSeconds() {
    for (int i = 0; i < 20; i++) {
      assertThat(keys.find(SCHEDULER, "made-up-" + i)).isEmpty();
    }
    assertThat(asked).hasValue(1);

    clock.advance(Duration.ofSeconds(2));
    keys.find(SCHEDULER, "made-up");
    assertThat(asked).hasValue(2);
  }

  @Test
  @Threat({"S-VTX-6"})
  void schedulerThatTheManagerDoesNotName_isNotAsked() {
    assertThat(keys.find(SpiffeId.parse("spiffe://test.example/damselfly/scheduler/c1/s2"), GrantMint.KEY_ID)).isEmpty();

    assertThat(asked).hasValue(0);
  }

  private final class ListsKeys extends SwarmGrpc.SwarmImplBase {
    @Override
    public void listGrantKeys(ListGrantKeysRequest request, StreamObserver<ListGrantKeysResponse> out) {
      asked.incrementAndGet();
      if (failures.getAndUpdate(left -> Math.max(0, left - 1)) > 0) {
        out.onError(Status.UNAVAILABLE.asException());
        return;
      }
      var key = GrantKey.newBuilder().setKeyId(GrantMint.KEY_ID).setSpki(ByteString.copyFrom(mint.publicKey().getEncoded()));
      out.onNext(ListGrantKeysResponse.newBuilder().addKeys(key).build());
      out.onCompleted();
    }
  }
}
