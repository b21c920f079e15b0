package dev.damselfly.authz.guard;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.damselfly.api.assurance.Threat;
import dev.damselfly.api.error.GrpcErrors;
import dev.damselfly.api.error.Reason;
import dev.damselfly.api.wire.damselfly.v1.JoinEvent;
import dev.damselfly.api.wire.damselfly.v1.ListGrantKeysRequest;
import dev.damselfly.api.wire.damselfly.v1.SwarmGrpc;
import dev.damselfly.authz.audit.AuditAction;
import dev.damselfly.authz.limits.Bound;
import dev.damselfly.authz.limits.Limits;
import dev.damselfly.authz.limits.Part;
import dev.damselfly.authz.policy.Policy;
import io.grpc.ManagedChannel;
import io.grpc.Status.Code;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.StreamObserver;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.Test;

/// What a refusal leaves behind: a record, and nothing else.
@NullMarked
class GuardRefusalTest {
  private static final int PLACES = 2;

  private static Fixture small() throws Exception {
    return new Fixture(Limits.configured(Part.SCHEDULER, Map.of(Bound.STREAMS_PER_IDENTITY.key(), (long) PLACES)));
  }

  private static StatusRuntimeException listKeys(ManagedChannel channel) {
    return catchThrowableOfType(
        StatusRuntimeException.class,
        () -> SwarmGrpc.newBlockingStub(channel).listGrantKeys(ListGrantKeysRequest.getDefaultInstance()));
  }

  @Test
  @Threat("S-SCH-12")
  void refusedCall_givesItsPlaceBack() throws Exception {
    try (var fixture = small();
        var channels = fixture.channels(fixture.ca.snapshot(Fixture.MANAGER))) {
      var channel = fixture.open(channels);

      for (int call = 0; call < PLACES + 2; call++) {
        assertThat(GrpcErrors.reasonOf(listKeys(channel))).contains(Reason.CALLER_NOT_ALLOWED);
      }

      channel.shutdownNow();
    }
  }

  @Test
  void callOverTheLimit_isRecorded() throws Exception {
    try (var fixture = small();
        var channels = fixture.channels(fixture.ca.snapshot(Fixture.PEER))) {
      var channel = fixture.open(channels);
      for (int stream = 0; stream < PLACES; stream++) {
        var events = new Opened();
        SwarmGrpc.newStub(channel).join(events).onNext(GuardedServerTest.register("10.0.0.1-host-1", false));
        events.await();
      }

      assertThat(GrpcErrors.reasonOf(listKeys(channel))).contains(Reason.LIMIT_EXCEEDED);

      assertThat(fixture.audit.of(AuditAction.LIMIT_HIT))
          .singleElement()
          .satisfies(event -> assertThat(event.actor()).endsWith(Fixture.PEER))
          .satisfies(event -> assertThat(event.object()).isEqualTo("rpc:damselfly.v1.Swarm/ListGrantKeys"));
      channel.shutdownNow();
    }
  }

  @Test
  void refusalThatCannotBeRecorded_staysARefusal() throws Exception {
    try (var fixture = small();
        var channels = fixture.channels(fixture.ca.snapshot(Fixture.MANAGER))) {
      var channel = fixture.open(channels);
      fixture.audit.willFail(true);

      for (int call = 0; call < PLACES + 2; call++) {
        assertThat(listKeys(channel).getStatus().getCode()).isEqualTo(Code.INTERNAL);
      }

      assertThat(fixture.service.callers).isEmpty();
      channel.shutdownNow();
    }
  }

  @Test
  @Threat("F-35")
  void server_thatMayNotStartOpensNothing() throws Exception {
    try (var fixture = new Fixture()) {
      long before = descriptors();

      for (int attempt = 0; attempt < 20; attempt++) {
        assertThatThrownBy(() -> uncovered(fixture)).isInstanceOf(IllegalStateException.class);
      }

      assertThat(descriptors()).isLessThan(before + 20);
    }
  }

  /// Waits for the first answer of a stream.
  private static final class Opened implements StreamObserver<JoinEvent> {
    private final CountDownLatch answered = new CountDownLatch(1);

    @Override
    public void onNext(JoinEvent event) {
      answered.countDown();
    }

    @Override
    public void onError(Throwable error) {}

    @Override
    public void onCompleted() {}

    void await() throws InterruptedException {
      assertThat(answered.await(30, TimeUnit.SECONDS)).isTrue();
    }
  }

  private static void uncovered(Fixture fixture) {
    new GuardedServer(
            new InetSocketAddress(InetAddress.getLoopbackAddress(), 0),
            List.of(fixture.service.bindService()),
            new Policy(List.of(new Policy.Row("no.Such/Call", Set.of(), Policy.Binding.none()))),
            fixture.own,
            fixture.roles,
            fixture.audit)
        .close();
  }

  private static long descriptors() throws Exception {
    try (var files = Files.list(Path.of("/proc/self/fd"))) {
      return files.count();
    }
  }
}
