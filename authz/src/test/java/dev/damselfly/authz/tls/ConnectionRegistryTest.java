package dev.damselfly.authz.tls;

import static org.assertj.core.api.Assertions.assertThat;

import dev.damselfly.api.assurance.Threat;
import dev.damselfly.authz.identity.BundleSet;
import dev.damselfly.authz.identity.Caller;
import dev.damselfly.authz.identity.Expected;
import dev.damselfly.authz.identity.IdentitySnapshot;
import dev.damselfly.authz.identity.RoleTemplate;
import dev.damselfly.authz.identity.SpiffeId;
import dev.damselfly.authz.identity.Verdict;
import dev.damselfly.authz.testing.FixedIdentity;
import dev.damselfly.authz.testing.ManualClock;
import dev.damselfly.authz.testing.TestCa;
import dev.damselfly.authz.tls.Loopback.End;
import dev.damselfly.authz.tls.Loopback.Server;
import dev.damselfly.authz.tls.Loopback.Side;
import io.netty.channel.embedded.EmbeddedChannel;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

@NullMarked
@Threat("F-23")
class ConnectionRegistryTest {
  private static final String PEER = "/damselfly/peer/c1/host-1";
  private static final String SCHEDULER = "/damselfly/scheduler/c1/s-1";

  private final ManualClock clock = ManualClock.now();
  private final Instant start = clock.instant();
  private final TestCa ca = TestCa.root("td.test", clock);
  private final TestCa next = TestCa.root("td.test", clock);
  private final Loopback loopback = new Loopback();
  private final FixedIdentity server = new FixedIdentity(lasting(SCHEDULER, Duration.ofDays(2)));
  private final ConnectionRegistry registry = new ConnectionRegistry(server, clock);

  @AfterEach
  void stop() {
    registry.close();
    loopback.close();
  }

  private IdentitySnapshot lasting(String path, Duration life) {
    return ca.svid(path, spec -> spec.validity(start.minusSeconds(60), start.plus(life))).snapshot(ca.bundles(), 1);
  }

  private IdentitySnapshot trusting(List<byte[]> authorities) {
    IdentitySnapshot now = server.current();
    return new IdentitySnapshot(
        now.id(),
        now.chainDer(),
        now.key(),
        now.notBefore(),
        now.notAfter(),
        new BundleSet(Map.of(ca.trustDomain(), authorities)),
        now.generation() + 1);
  }

  /// The server's end of a new connection that is up on both sides.
  private End connected(IdentitySnapshot client) throws InterruptedException {
    var identity = new FixedIdentity(client);
    TlsContexts ours = new TlsContexts(server, new RoleTemplate(ca.trustDomain()), clock, refusal -> {});
    TlsContexts theirs = new TlsContexts(identity, new RoleTemplate(ca.trustDomain()), clock, refusal -> {});
    var unused = new ConnectionRegistry(identity, clock);
    Expected any = Expected.anyRole();
    Server listening =
        loopback.listen(
            Side.gated(ours.server(Loopback.ALPN, any), () -> ours.gate(Loopback.ALPN, any, registry)));
    loopback.connect(
        listening, Side.gated(theirs.client(Loopback.ALPN, any), () -> theirs.gate(Loopback.ALPN, any, unused)));
    End end = listening.accepted();
    assertThat(end.next()).isInstanceOf(Caller.class);
    assertThat(end.next()).isEqualTo("bytes:2");
    return end;
  }

  private void assertEndsAt(Instant instant, End end) throws InterruptedException {
    clock.set(instant.minusSeconds(1));
    registry.sweep();
    assertThat(registry.size()).isEqualTo(1);

    clock.set(instant);
    registry.sweep();

    assertThat(end.next()).isEqualTo(End.CLOSED);
    assertThat(registry.size()).isZero();
  }

  @Test
  void connection_endsWithThePeersSvid() throws Exception {
    IdentitySnapshot client = lasting(PEER, Duration.ofHours(1));

    assertEndsAt(client.notAfter(), connected(client));
  }

  @Test
  void connection_endsWithOurSvid() throws Exception {
    server.set(lasting(SCHEDULER, Duration.ofMinutes(20)));

    assertEndsAt(server.current().notAfter(), connected(lasting(PEER, Duration.ofHours(1))));
  }

  @Test
  void connection_endsAfterTwelveHours() throws Exception {
    assertEndsAt(start.plus(Duration.ofHours(12)), connected(lasting(PEER, Duration.ofDays(2))));
  }

  @Test
  void connection_endsAtOnceWhenItsAuthorityIsRemoved() throws Exception {
    registry.start();
    server.set(trusting(List.of(ca.der(), next.der())));
    End end = connected(lasting(PEER, Duration.ofHours(1)));

    server.set(trusting(List.of(ca.der())));
    assertThat(registry.size()).isEqualTo(1); // another authority went away
    server.set(trusting(List.of(next.der())));

    assertThat(end.next()).isEqualTo(End.CLOSED);
  }

  @Test
  void connectionAfterTheEnd_isClosedAtOnce() throws Exception {
    registry.close();
    var late = new EmbeddedChannel();

    registry.register(
        late,
        new Verdict.Accepted(
            SpiffeId.parse("spiffe://td.test" + PEER), start.plus(Duration.ofHours(1)), BundleSet.fingerprint(ca.der())));

    assertThat(late.isOpen()).isFalse();
    assertThat(registry.size()).isZero();
  }

  @Test
  void connection_endsWhenTheIdentityIsWithdrawn() throws Exception {
    registry.start();
    End end = connected(lasting(PEER, Duration.ofHours(1)));

    server.set(server.current().withdrawnAt(clock.instant()));

    assertThat(end.next()).isEqualTo(End.CLOSED);
  }

  @Test
  void timer_findsWhatHasExpired() throws Exception {
    registry.start();
    IdentitySnapshot client = lasting(PEER, Duration.ofHours(1));
    End end = connected(client);

    clock.set(client.notAfter());

    assertThat(end.next()).isEqualTo(End.CLOSED);
  }

  @Test
  void close_endsEveryConnection() throws Exception {
    End end = connected(lasting(PEER, Duration.ofHours(1)));

    registry.close();

    assertThat(end.next()).isEqualTo(End.CLOSED);
  }
}
