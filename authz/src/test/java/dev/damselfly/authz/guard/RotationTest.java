package dev.damselfly.authz.guard;

import static org.assertj.core.api.Assertions.assertThat;

import dev.damselfly.api.assurance.Threat;
import dev.damselfly.api.id.HostPort;
import dev.damselfly.api.wire.damselfly.v1.JoinEvent;
import dev.damselfly.api.wire.damselfly.v1.ListGrantKeysRequest;
import dev.damselfly.api.wire.damselfly.v1.SwarmGrpc;
import dev.damselfly.authz.identity.Expected;
import dev.damselfly.authz.identity.Role;
import dev.damselfly.authz.limits.Limits;
import dev.damselfly.authz.limits.Part;
import dev.damselfly.authz.testing.FixedIdentity;
import dev.damselfly.authz.testing.ManualClock;
import dev.damselfly.authz.testing.TestCa;
import io.grpc.ConnectivityState;
import io.grpc.ManagedChannel;
import io.grpc.stub.StreamObserver;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/// Both ends' SVIDs live for a minute and are renewed three times in it, and bundles come and go; time by hand.
@NullMarked
class RotationTest {
  private static final Duration LIFE = Duration.ofSeconds(60);
  private static final Duration STEP = Duration.ofSeconds(20);

  private final ManualClock clock = ManualClock.now();
  private final Fixture fixture;
  private final FixedIdentity client;
  private final GuardedChannels channels;
  private final ManagedChannel channel;

  RotationTest() throws Exception {
    fixture = new Fixture(Limits.of(Part.SCHEDULER), clock);
    client = new FixedIdentity(fixture.ca.snapshot(Fixture.PEER));
    channels = new GuardedChannels(client, fixture.roles, fixture.audit, clock);
    channel = channels.open(fixture.address(), Expected.role(Role.SCHEDULER));
    rotate();
  }

  @AfterEach
  void close() {
    channel.shutdownNow();
    channels.close();
    fixture.close();
  }

  /// New SVIDs for a minute from now. Hearing of them, both ends look at their connections.
  private void rotate() {
    renew(client, Fixture.PEER);
    renew(fixture.own, Fixture.SCHEDULER);
  }

  private void renew(FixedIdentity identity, String path) {
    Instant now = clock.instant();
    var svid = fixture.ca.svid(path, spec -> spec.validity(now.minusSeconds(1), now.plus(LIFE)));
    identity.set(svid.snapshot(fixture.ca.bundles(), identity.current().generation() + 1));
  }

  private void call() {
    SwarmGrpc.newBlockingStub(channel)
        .withDeadlineAfter(30, TimeUnit.SECONDS)
        .listGrantKeys(ListGrantKeysRequest.getDefaultInstance());
  }

  /// A stream that waits for its end.
  private static final class Stream implements StreamObserver<JoinEvent> {
    private final CountDownLatch answered = new CountDownLatch(1);
    private final CountDownLatch over = new CountDownLatch(1);

    @Override
    public void onNext(JoinEvent event) {
      answered.countDown();
    }

    @Override
    public void onError(Throwable error) {
      over.countDown();
    }

    @Override
    public void onCompleted() {
      over.countDown();
    }

    boolean isOpen() {
      return over.getCount() > 0;
    }

    void awaitEnd() throws InterruptedException {
      assertThat(over.await(30, TimeUnit.SECONDS)).isTrue();
    }
  }

  private Stream join() throws InterruptedException {
    var stream = new Stream();
    SwarmGrpc.newStub(channel).join(stream).onNext(GuardedServerTest.register("10.0.0.1-host-1", false));
    assertThat(stream.answered.await(30, TimeUnit.SECONDS)).isTrue();
    return stream;
  }

  /// Without this, the waits between attempts grow to two minutes while an identity is withheld, and outlast it.
  @Test
  @Threat("S-WLA-2")
  void channelThatFailed_triesAgainAtOnce_withEachNewSvid() throws Exception {
    try (var listener = new ServerSocket(0, 16, InetAddress.getLoopbackAddress())) {
      listener.setSoTimeout(5_000); // less than the sixth wait would be
      ManagedChannel refused = channels.open(new HostPort("127.0.0.1", listener.getLocalPort()), Expected.role(Role.SCHEDULER));
      try {
        refused.getState(true);
        for (int attempt = 0; attempt < 10; attempt++) {
          listener.accept().close();
          awaitFailure(refused);
          renew(client, Fixture.PEER);
        }
        listener.accept().close();
      } finally {
        refused.shutdownNow();
      }
    }
  }

  private static void awaitFailure(ManagedChannel channel) throws InterruptedException {
    for (var now = channel.getState(false); now != ConnectivityState.TRANSIENT_FAILURE; now = channel.getState(false)) {
      var changed = new CountDownLatch(1);
      channel.notifyWhenStateChanged(now, changed::countDown);
      assertThat(changed.await(30, TimeUnit.SECONDS)).isTrue();
    }
  }

  @Test
  @Threat("B-17")
  void calls_goOnWhileSvidsRotate() {
    for (int step = 0; step < 24; step++) {
      call();
      clock.advance(STEP);
      rotate();
    }

    assertThat(fixture.service.callers).hasSize(24);
  }

  @Test
  @Threat("B-17")
  void stream_endsWithTheSvidsBehindItAndNotBefore() throws Exception {
    var stream = join();

    clock.advance(STEP.multipliedBy(2));
    rotate();
    call();
    assertThat(fixture.server.connections()).isEqualTo(2); // the old one for the stream, a new one for the call
    assertThat(stream.isOpen()).isTrue();
    clock.advance(STEP);
    rotate();

    stream.awaitEnd();
  }

  @Test
  @Threat({"F-23", "S-VTX-1"})
  void stream_endsWhenTheServersBundleLosesTheClient() throws Exception {
    var stream = join();

    fixture.own.set(fixture.ca.svid(Fixture.SCHEDULER).snapshot(TestCa.root("example.org").bundles(), 9));

    stream.awaitEnd();
  }

  @Test
  @Threat({"F-23", "S-VTX-1"})
  void stream_endsWhenTheClientsBundleLosesTheServer() throws Exception {
    var stream = join();

    client.set(fixture.ca.svid(Fixture.PEER).snapshot(TestCa.root("example.org").bundles(), 9));

    stream.awaitEnd();
  }
}
