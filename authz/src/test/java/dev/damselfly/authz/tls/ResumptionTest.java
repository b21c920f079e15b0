package dev.damselfly.authz.tls;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import dev.damselfly.api.assurance.Threat;
import dev.damselfly.api.id.HostPort;
import dev.damselfly.authz.guard.GuardedChannels;
import dev.damselfly.authz.guard.GuardedServer;
import dev.damselfly.authz.identity.Caller;
import dev.damselfly.authz.identity.Expected;
import dev.damselfly.authz.identity.Role;
import dev.damselfly.authz.identity.RoleTemplate;
import dev.damselfly.authz.testing.FixedIdentity;
import dev.damselfly.authz.testing.LooseServer;
import dev.damselfly.authz.testing.MemoryAudit;
import dev.damselfly.authz.testing.TestCa;
import dev.damselfly.authz.tls.HandshakeListener.Refusal;
import dev.damselfly.authz.tls.Loopback.End;
import dev.damselfly.authz.tls.Loopback.Link;
import dev.damselfly.authz.tls.Loopback.Server;
import dev.damselfly.authz.tls.Loopback.Side;
import io.grpc.health.v1.HealthCheckRequest;
import io.grpc.health.v1.HealthGrpc;
import io.grpc.protobuf.services.HealthStatusManager;
import io.netty.handler.ssl.ApplicationProtocolConfig;
import io.netty.handler.ssl.ApplicationProtocolConfig.Protocol;
import io.netty.handler.ssl.ApplicationProtocolConfig.SelectedListenerFailureBehavior;
import io.netty.handler.ssl.ApplicationProtocolConfig.SelectorFailureBehavior;
import io.netty.handler.ssl.ClientAuth;
import io.netty.handler.ssl.DelegatingSslContext;
import io.netty.handler.ssl.OpenSslSessionContext;
import io.netty.handler.ssl.ReferenceCountedOpenSslEngine;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslProvider;
import io.netty.handler.ssl.util.InsecureTrustManagerFactory;
import io.netty.internal.tcnative.SSL;
import java.time.InstantSource;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.SSLEngine;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// A resumed session skips the verifier, so a rotated or wrong identity would go unseen.
@NullMarked
@Threat({"F-23", "S-VTX-1"})
class ResumptionTest {
  private static final String PEER_1 = "/damselfly/peer/c1/host-1";
  private static final String PEER_2 = "/damselfly/peer/c1/host-2";
  private static final String HTTP2 = "h2";
  private static final String SCHEDULER = "/damselfly/scheduler/c1/s-1";

  private final InstantSource clock = InstantSource.system();
  private final TestCa ca = TestCa.root("td.test");
  private final Loopback loopback = new Loopback();
  private final FixedIdentity client = new FixedIdentity(ca.snapshot(PEER_1));
  private final FixedIdentity server = new FixedIdentity(ca.snapshot(SCHEDULER));
  private final BlockingQueue<Refusal> refusals = new LinkedBlockingQueue<>();

  @AfterEach
  void stop() {
    loopback.close();
  }

  private static void rotate(FixedIdentity identity, TestCa ca, String path) {
    identity.set(ca.svid(path).snapshot(ca.bundles(), identity.current().generation() + 1));
  }

  /// A client that trusts everybody and keeps every session it is offered.
  private SslContext keeper(SslProvider provider) throws Exception {
    return keeper(provider, Loopback.ALPN);
  }

  private SslContext keeper(SslProvider provider, String alpn) throws Exception {
    var builder = SslContextBuilder.forClient().keyManager(new SvidKeyManager(client, clock));
    SslContext context = foreign(builder, provider, alpn);
    if (context.sessionContext() instanceof OpenSslSessionContext sessions) {
      sessions.setSessionCacheEnabled(true);
    }
    return context;
  }

  /// A server that trusts everybody and offers tickets.
  private SslContext offerer(String alpn) throws Exception {
    SslContext context =
        foreign(
            SslContextBuilder.forServer(new SvidKeyManager(server, clock)).clientAuth(ClientAuth.REQUIRE),
            SslProvider.OPENSSL,
            alpn);
    ((OpenSslSessionContext) context.sessionContext()).setSessionCacheEnabled(true);
    return new DelegatingSslContext(context) {
      @Override
      protected void initEngine(SSLEngine engine) {
        SSL.clearOptions(((ReferenceCountedOpenSslEngine) engine).sslPointer(), SSL.SSL_OP_NO_TICKET);
      }
    };
  }

  private static SslContext foreign(SslContextBuilder builder, SslProvider provider, String alpn) throws Exception {
    return builder
        .sslProvider(provider)
        .protocols("TLSv1.3")
        .trustManager(InsecureTrustManagerFactory.INSTANCE)
        .endpointIdentificationAlgorithm(null)
        .applicationProtocolConfig(
            new ApplicationProtocolConfig(
                Protocol.ALPN,
                SelectorFailureBehavior.NO_ADVERTISE,
                SelectedListenerFailureBehavior.ACCEPT,
                alpn))
        .build();
  }

  private TlsContexts ours(FixedIdentity identity, SslProvider provider) {
    return new TlsContexts(identity, new RoleTemplate(ca.trustDomain()), clock, refusals::add, provider);
  }

  private Side gated(TlsContexts tls, SslContext context, Expected expected, FixedIdentity identity) {
    return Side.gated(context, () -> tls.gate(Loopback.ALPN, expected, new ConnectionRegistry(identity, clock)));
  }

  /// Connects, waits until both ends have the other's bytes (and so any ticket), and ends the connection.
  private End exchange(Server to, Side from) throws InterruptedException {
    Link link = loopback.connect(to, from);
    End accepted = to.accepted();
    Object first = accepted.next();
    assertThat(accepted.next()).isEqualTo("bytes:2");
    link.end().next();
    assertThat(link.end().next()).isEqualTo("bytes:2");
    link.channel().close().sync();
    assertThat(accepted.next()).isEqualTo(End.CLOSED);
    lastCaller = first;
    return accepted;
  }

  private Object lastCaller = "";

  /// Positive control: what is refused below works between two ends that want it.
  @ParameterizedTest
  @ValueSource(strings = {"OPENSSL", "JDK"})
  void foreignEnds_doResume(String provider) throws Exception {
    Server listening = loopback.listen(Side.raw(offerer(Loopback.ALPN)));
    Side keeping = Side.raw(keeper(SslProvider.valueOf(provider)));

    End first = exchange(listening, keeping);
    End second = exchange(listening, keeping);

    assertThat(first.isReused()).isFalse();
    assertThat(second.isReused()).isTrue();
  }

  @ParameterizedTest
  @CsvSource({"OPENSSL,OPENSSL", "OPENSSL,JDK", "JDK,OPENSSL", "JDK,JDK"})
  void resumption_neverSkipsTheVerifier_ofOurServer(String own, String theirs) throws Exception {
    TlsContexts tls = ours(server, SslProvider.valueOf(own));
    Server listening =
        loopback.listen(gated(tls, tls.server(Loopback.ALPN, Expected.anyRole()), Expected.anyRole(), server));
    Side keeping = Side.raw(keeper(SslProvider.valueOf(theirs)));

    exchange(listening, keeping);
    Caller before = (Caller) lastCaller;
    rotate(client, ca, PEER_2);
    End second = exchange(listening, keeping);
    Caller after = (Caller) lastCaller;

    assertThat(before.name()).isEqualTo("host-1");
    assertThat(after.name()).isEqualTo("host-2");
    assertThat(second.isReused()).isFalse();
  }

  @ParameterizedTest
  @ValueSource(strings = {"OPENSSL", "JDK"})
  void resumption_neverSkipsTheVerifier_ofOurClient(String own) throws Exception {
    Server listening = loopback.listen(Side.raw(offerer(Loopback.ALPN)));
    TlsContexts tls = ours(client, SslProvider.valueOf(own));
    Expected scheduler = Expected.role(Role.SCHEDULER);
    Side connecting = gated(tls, tls.client(Loopback.ALPN, scheduler), scheduler, client);

    exchange(listening, connecting);
    End second = exchange(listening, connecting);
    rotate(server, ca, "/damselfly/manager/m-1");
    Link third = loopback.connect(listening, connecting);

    assertThat(second.isReused()).isFalse();
    assertThat(third.end().untilClosed()).containsExactly(End.CLOSED);
    Refusal refusal = refusals.poll(10, TimeUnit.SECONDS);
    assertThat(refusal).isNotNull().extracting(Refusal::reasons).isEqualTo(List.of("NOT_EXPECTED"));
  }

  /// The server that processes start, and a client that would like to resume.
  @Test
  void runningServer_resumesNothing() throws Exception {
    try (GuardedServer running = LooseServer.start(server, new HealthStatusManager().getHealthService())) {
      Side keeping = Side.raw(keeper(SslProvider.OPENSSL, HTTP2));
      for (int connection = 0; connection < 3; connection++) {
        Link link = loopback.connect(running.port(), keeping);

        // What it says is no HTTP/2, so that the server answers and hangs up: any ticket has arrived by then.
        assertThat(link.end().untilClosed()).contains("connected").hasSizeGreaterThan(2);
        assertThat(link.end().isReused()).isFalse();
      }
    }
  }

  /// The channels that processes open, and a server that offers tickets.
  @Test
  void runningChannel_resumesNothing() throws Exception {
    Server listening = loopback.listen(Side.raw(offerer(HTTP2)));
    try (var channels = new GuardedChannels(client, new RoleTemplate(ca.trustDomain()), new MemoryAudit())) {
      var channel = channels.open(new HostPort("127.0.0.1", listening.port()), Expected.role(Role.SCHEDULER));
      HealthGrpc.newFutureStub(channel).withWaitForReady().check(HealthCheckRequest.getDefaultInstance());
      for (int connection = 0; connection < 3; connection++) {
        End accepted = listening.accepted();

        assertThat(accepted.next()).isEqualTo("connected");
        assertThat(accepted.isReused()).isFalse();
        accepted.say(new byte[64]); // no HTTP/2, so that the channel hangs up, with any ticket in its hands
        assertThat(accepted.untilClosed()).contains(End.CLOSED);
        channel.resetConnectBackoff();
      }
      channel.shutdownNow();
    }
  }

  @Test
  void contexts_areNotMadeWhenAPropertyAsksForResumption() {
    String name = "jdk.tls.server.newSessionTicketCount";
    String before = System.getProperty(name);
    System.setProperty(name, "1");
    try {
      assertThat(catchThrowable(NoResumption::setProperties))
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContaining(name);
    } finally {
      System.setProperty(name, String.valueOf(before));
    }
  }
}
