package dev.damselfly.authz.tls;

import static org.assertj.core.api.Assertions.assertThat;

import dev.damselfly.api.assurance.Threat;
import dev.damselfly.authz.identity.Caller;
import dev.damselfly.authz.identity.Expected;
import dev.damselfly.authz.identity.IdentitySnapshot;
import dev.damselfly.authz.identity.Role;
import dev.damselfly.authz.identity.RoleTemplate;
import dev.damselfly.authz.identity.SpiffeId;
import dev.damselfly.authz.testing.CertificateSpec;
import dev.damselfly.authz.testing.FixedIdentity;
import dev.damselfly.authz.testing.ManualClock;
import dev.damselfly.authz.testing.MemoryAudit;
import dev.damselfly.authz.testing.TestCa;
import dev.damselfly.authz.testing.TestSvid;
import dev.damselfly.authz.tls.HandshakeListener.Refusal;
import dev.damselfly.authz.tls.Loopback.End;
import dev.damselfly.authz.tls.Loopback.Link;
import dev.damselfly.authz.tls.Loopback.Server;
import dev.damselfly.authz.tls.Loopback.Side;
import io.netty.handler.ssl.ApplicationProtocolConfig;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslProvider;
import io.netty.handler.ssl.util.InsecureTrustManagerFactory;
import java.io.ByteArrayInputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

@NullMarked
@Threat({"S-VTX-1", "S-UPG-8"})
class HandshakeMatrixTest {
  private static final String PEER = "/damselfly/peer/c1/host-1";
  private static final String SCHEDULER = "/damselfly/scheduler/c1/s-1";

  private final TestCa ca = TestCa.root("td.test");
  private final ManualClock clock = ManualClock.now();
  private final Loopback loopback = new Loopback();
  private final BlockingQueue<Refusal> refusals = new LinkedBlockingQueue<>();
  private final FixedIdentity serverIdentity = new FixedIdentity(ca.snapshot(SCHEDULER));
  private final ConnectionRegistry registry = new ConnectionRegistry(serverIdentity, clock);

  /// The two implementations under test; OPENSSL is BoringSSL.
  enum Provider {
    OPENSSL(SslProvider.OPENSSL),
    JDK(SslProvider.JDK);

    private final SslProvider netty;

    Provider(SslProvider netty) {
      this.netty = netty;
    }
  }

  @AfterEach
  void stop() {
    registry.close();
    loopback.close();
  }

  private TlsContexts contexts(FixedIdentity identity, HandshakeListener listener, Provider provider) {
    return new TlsContexts(identity, new RoleTemplate(ca.trustDomain()), clock, listener, provider.netty);
  }

  private Server serve(Provider provider) throws InterruptedException {
    TlsContexts tls = contexts(serverIdentity, refusals::add, provider);
    return loopback.listen(
        Side.gated(
            tls.server(Loopback.ALPN, Expected.anyRole()),
            () -> tls.gate(Loopback.ALPN, Expected.anyRole(), registry)));
  }

  private Side ours(IdentitySnapshot snapshot, Expected expected, Provider provider, HandshakeListener listener) {
    var identity = new FixedIdentity(snapshot);
    TlsContexts tls = contexts(identity, listener, provider);
    var own = new ConnectionRegistry(identity, clock);
    return Side.gated(tls.client(Loopback.ALPN, expected), () -> tls.gate(Loopback.ALPN, expected, own));
  }

  private Refusal refusal() throws InterruptedException {
    Refusal refusal = refusals.poll(10, TimeUnit.SECONDS);
    if (refusal == null) {
      throw new AssertionError("no refusal was reported");
    }
    return refusal;
  }

  @ParameterizedTest
  @EnumSource
  void bothEnds_knowEachOther(Provider provider) throws Exception {
    Server server = serve(provider);

    Link link = loopback.connect(server, ours(ca.snapshot(PEER), Expected.role(Role.SCHEDULER), provider, refusals::add));

    assertThat(link.end().next()).isInstanceOfSatisfying(Caller.class, caller -> assertThat(caller.name()).isEqualTo("s-1"));
    assertThat(server.accepted().next())
        .isInstanceOfSatisfying(
            Caller.class,
            caller -> {
              assertThat(caller.role()).isEqualTo(Role.PEER);
              assertThat(caller.cluster()).contains("c1");
              assertThat(caller.name()).isEqualTo("host-1");
            });
    assertThat(link.end().next()).isEqualTo("bytes:2");
    assertThat(refusals).isEmpty();
  }

  /// A client of ours in everything but its certificate, which a foreign implementation shows as it is.
  private SslContext foreignClient(TestSvid svid, Provider provider) throws Exception {
    return foreign(SslContextBuilder.forClient().keyManager(svid.key(), certificates(svid)), provider, "TLSv1.3");
  }

  private static SslContext foreign(SslContextBuilder builder, Provider provider, String protocol) throws Exception {
    return builder
        .sslProvider(provider.netty)
        .protocols(protocol)
        .trustManager(InsecureTrustManagerFactory.INSTANCE)
        .endpointIdentificationAlgorithm(null)
        .applicationProtocolConfig(
            new ApplicationProtocolConfig(
                ApplicationProtocolConfig.Protocol.ALPN,
                ApplicationProtocolConfig.SelectorFailureBehavior.NO_ADVERTISE,
                ApplicationProtocolConfig.SelectedListenerFailureBehavior.ACCEPT,
                Loopback.ALPN))
        .build();
  }

  private static X509Certificate[] certificates(TestSvid svid) throws Exception {
    var factory = CertificateFactory.getInstance("X.509");
    var chain = new X509Certificate[svid.chainDer().size()];
    for (int i = 0; i < chain.length; i++) {
      chain[i] = (X509Certificate) factory.generateCertificate(new ByteArrayInputStream(svid.chainDer().get(i)));
    }
    return chain;
  }

  private void assertClientRefused(Provider provider, SslContext client, String... reasons) throws Exception {
    Server server = serve(provider);

    Link link = loopback.connect(server, Side.raw(client));

    assertThat(refusal().reasons()).containsExactly(reasons);
    assertThat(link.end().untilClosed()).noneMatch(event -> event.toString().startsWith("bytes"));
    assertThat(server.accepted().untilClosed()).containsExactly(End.CLOSED); // no caller, no byte
    assertThat(registry.size()).isZero();
  }

  @ParameterizedTest
  @EnumSource
  void clientWithoutCertificate_isRefused(Provider provider) throws Exception {
    assertClientRefused(provider, foreign(SslContextBuilder.forClient(), provider, "TLSv1.3"), "TLS");
  }

  @ParameterizedTest
  @EnumSource
  @Threat("F-41")
  void clientWithOlderProtocol_isRefused(Provider provider) throws Exception {
    TestSvid svid = ca.svid(PEER);
    var client = SslContextBuilder.forClient().keyManager(svid.key(), certificates(svid));

    assertClientRefused(provider, foreign(client, provider, "TLSv1.2"), "TLS");
  }

  @ParameterizedTest
  @EnumSource
  void clientWithBadCertificate_isRefused(Provider provider) throws Exception {
    Instant now = clock.instant();
    UnaryOperator<CertificateSpec> expired = spec -> spec.validity(now.minusSeconds(90), now.minusSeconds(30));
    UnaryOperator<CertificateSpec> early = spec -> spec.validity(now.plusSeconds(30), now.plusSeconds(90));
    TestCa other = TestCa.root("other.test");
    TestCa impostor = TestCa.root("td.test");

    assertClientRefused(provider, foreignClient(ca.svid(PEER, expired), provider), "TIME");
    assertClientRefused(provider, foreignClient(ca.svid(PEER, early), provider), "TIME");
    assertClientRefused(provider, foreignClient(other.svid(PEER), provider), "NO_BUNDLE");
    assertClientRefused(provider, foreignClient(impostor.svid(PEER), provider), "PATH");
    assertClientRefused(provider, foreignClient(ca.svid("/someone/else"), provider), "NO_ROLE");
  }

  @ParameterizedTest
  @EnumSource
  void plainTcp_isRefused(Provider provider) throws Exception {
    Server server = serve(provider);

    try (var socket = new Socket(InetAddress.getLoopbackAddress(), server.port())) {
      socket.getOutputStream().write("GET / HTTP/1.1\r\nHost: x\r\n\r\n".getBytes(StandardCharsets.US_ASCII));

      assertThat(refusal().reasons()).containsExactly("TLS");
      assertThat(server.accepted().untilClosed()).containsExactly(End.CLOSED);
    }
  }

  @ParameterizedTest
  @EnumSource
  void otherProtocolToken_isRefused(Provider provider) throws Exception {
    TlsContexts tls = contexts(new FixedIdentity(ca.snapshot(PEER)), refusal -> {}, provider);

    assertClientRefused(provider, tls.client("another/1", Expected.anyRole()), "ALPN");
  }

  @ParameterizedTest
  @EnumSource
  void serverThatIsNotTheExpectedOne_isRefused(Provider provider) throws Exception {
    for (Expected wrong :
        List.of(
            Expected.role(Role.MANAGER),
            Expected.role(Role.SCHEDULER).inCluster("c2"),
            Expected.role(Role.SCHEDULER)
                .exactly(SpiffeId.parse("spiffe://td.test/damselfly/scheduler/c1/s-2")))) {
      Server server = serve(provider);

      Link link = loopback.connect(server, ours(ca.snapshot(PEER), wrong, provider, refusals::add));

      Refusal refusal = refusal();
      if (refusal.weServe()) {
        refusal = refusal(); // the server lost the connection first; the client says why
      }
      assertThat(refusal.reasons()).containsExactly("NOT_EXPECTED");
      assertThat(refusal.weServe()).isFalse();
      assertThat(refusal.id().orElseThrow()).hasToString("spiffe://td.test" + SCHEDULER);
      assertThat(link.end().untilClosed()).containsExactly(End.CLOSED);
      refusals.clear();
    }
  }

  @ParameterizedTest
  @EnumSource
  void expiredOwnSvid_isNotShown(Provider provider) throws Exception {
    Instant now = clock.instant();
    TestSvid late = ca.svid(PEER, spec -> spec.validity(now.minusSeconds(90), now.minusSeconds(30)));
    Server server = serve(provider);

    loopback.connect(server, ours(late.snapshot(ca.bundles(), 1), Expected.anyRole(), provider, refusal -> {}));

    assertThat(refusal().reasons()).containsExactly("TLS"); // not TIME: the certificate was never sent
    assertThat(server.accepted().untilClosed()).containsExactly(End.CLOSED);
  }

  @Test
  void refusal_isAuditedWithItsReason() throws Exception {
    var audit = new MemoryAudit();
    TlsContexts tls = contexts(serverIdentity, HandshakeListener.auditing(audit), Provider.OPENSSL);
    Server server =
        loopback.listen(
            Side.gated(
                tls.server(Loopback.ALPN, Expected.anyRole()),
                () -> tls.gate(Loopback.ALPN, Expected.anyRole(), registry)));

    loopback.connect(server, Side.raw(foreignClient(ca.svid("/someone/else"), Provider.OPENSSL)));

    var event = audit.await(e -> e.reason().equals("NO_ROLE"));
    assertThat(event.actor()).isEqualTo("spiffe://td.test/someone/else");
    assertThat(event.source()).contains("127.0.0.1");
  }
}
