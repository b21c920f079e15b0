package dev.damselfly.authz.guard;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.damselfly.api.assurance.Threat;
import dev.damselfly.api.wire.damselfly.v1.ListGrantKeysRequest;
import dev.damselfly.api.wire.damselfly.v1.SwarmGrpc;
import dev.damselfly.authz.audit.AuditAction;
import dev.damselfly.authz.audit.AuditEvent;
import dev.damselfly.authz.identity.Role;
import dev.damselfly.authz.identity.TrustDomain;
import dev.damselfly.authz.legacy.LegacyAudit;
import dev.damselfly.authz.legacy.LegacyCallers;
import dev.damselfly.authz.legacy.LegacyConfig;
import dev.damselfly.authz.limits.Bound;
import dev.damselfly.authz.limits.Limits;
import dev.damselfly.authz.limits.Part;
import dev.damselfly.authz.policy.Policy;
import dev.damselfly.authz.testing.MemoryAudit;
import dev.damselfly.authz.testing.OperatorFiles;
import dev.damselfly.authz.testing.RawClient;
import dev.damselfly.authz.testing.TestCa;
import io.grpc.ManagedChannel;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// A legacy listener with certificates of an operator's own: real handshakes over loopback.
@NullMarked
@Timeout(60)
class LegacyTlsTest {
  private static final LegacyCallers.Place PLACE = new LegacyCallers.Place(new TrustDomain("example.org"), "east");
  private static final String ME = "spiffe://example.org/damselfly/legacy/127.0.0.1";

  private final MemoryAudit audit = new MemoryAudit();
  private final Fixture.Service service = new Fixture.Service();
  private final RawClient client = new RawClient();
  @TempDir private Path folder;
  private OperatorFiles files;

  @BeforeEach
  void write() throws Exception {
    files = new OperatorFiles(folder);
  }

  @AfterEach
  void closeClient() {
    client.close();
  }

  private LegacyServer serve(LegacyConfig config, Limits limits) throws Exception {
    var policy =
        new Policy(
            List.of(
                new Policy.Row("damselfly.v1.Swarm/Join", Set.of(Role.LEGACY), Policy.Binding.none()),
                new Policy.Row("damselfly.v1.Swarm/ListGrantKeys", Set.of(Role.LEGACY), Policy.Binding.none()),
                new Policy.Row("damselfly.v1.Swarm/ListLegacyHolders", Set.of(), Policy.Binding.none())));
    return new LegacyServer(config, List.of(service.bindService()), policy, PLACE, audit, limits).start();
  }

  private LegacyServer serve() throws Exception {
    return serve(files.listener(""), Limits.of(Part.SCHEDULER));
  }

  private static void call(ManagedChannel channel) {
    try {
      SwarmGrpc.newBlockingStub(channel).listGrantKeys(ListGrantKeysRequest.getDefaultInstance());
    } finally {
      channel.shutdownNow();
    }
  }

  /// The call does not come through, and nobody heard of it.
  private void refused(ManagedChannel channel) {
    var end = catchThrowableOfType(StatusRuntimeException.class, () -> call(channel));
    assertThat(end.getStatus().getCode()).isEqualTo(Status.Code.UNAVAILABLE);
    assertThat(service.callers).isEmpty();
  }

  private void awaitFailedHandshake() throws Exception {
    AuditEvent event = audit.await(it -> it.action() == AuditAction.AUTHN_FAILURE);
    assertThat(event.reason()).isEqualTo("TLS");
    assertThat(event.actor()).isEqualTo(ME);
    assertThat(event.detail()).containsEntry(LegacyAudit.KEY, LegacyAudit.WARNING);
  }

  private static void awaitEnd(Socket socket) throws Exception {
    socket.setSoTimeout(30_000);
    assertThat(socket.getInputStream().read()).isNegative();
  }

  @Test
  @Threat("S-LEG-7")
  void certificateOfTheAuthority_isLetIn_andTheCallerIsItsAddress() throws Exception {
    try (var server = serve()) {
      call(client.checking(files.plain(spec -> spec), files.ca.der(), server.port()));

      assertThat(service.callers).containsExactly(ME);
      assertThat(audit.of(AuditAction.PROCESS_START))
          .singleElement()
          .satisfies(event -> assertThat(event.detail()).containsEntry("tls", "mutual").containsKey(LegacyAudit.KEY));
    }
  }

  @Test
  @Threat("S-LEG-7")
  void nameInTheCertificate_isNoIdentity() throws Exception {
    var own = files.ca.svidOf("spiffe://example.org/damselfly/scheduler/east/s1", spec -> spec);
    try (var server = serve()) {
      call(client.checking(own, files.ca.der(), server.port()));

      assertThat(service.callers).containsExactly(ME);
    }
  }

  @Test
  @Threat("S-LEG-7")
  void svidOfTheTrustDomain_isACertificateOfAnotherAuthority() throws Exception {
    var svid = TestCa.root("example.org").svid("/damselfly/peer/east/h1");
    try (var server = serve()) {
      refused(client.checking(svid, files.ca.der(), server.port()));
      awaitFailedHandshake();
    }
  }

  @Test
  @Threat("S-LEG-7")
  void noCertificate_isRefused() throws Exception {
    try (var server = serve()) {
      refused(client.anonymous(server.port()));
      awaitFailedHandshake();
    }
  }

  @Test
  @Threat("S-LEG-7")
  void certificateOfAnotherAuthorityWithTheSameName_isRefused() throws Exception {
    var other = TestCa.root("operator.test").svidOf("urn:none", spec -> spec.noUris());
    try (var server = serve()) {
      refused(client.checking(other, files.ca.der(), server.port()));
      awaitFailedHandshake();
    }
  }

  @Test
  @Threat("S-LEG-7")
  void certificateThatHasEnded_isRefused() throws Exception {
    var now = Instant.now();
    var ended = files.plain(spec -> spec.validity(now.minus(Duration.ofDays(2)), now.minus(Duration.ofDays(1))));
    try (var server = serve()) {
      refused(client.checking(ended, files.ca.der(), server.port()));
      awaitFailedHandshake();
    }
  }

  @Test
  @Threat("S-LEG-7")
  void plainText_isRefused() throws Exception {
    try (var server = serve()) {
      refused(client.plain(server.port()));
      awaitFailedHandshake();
    }
  }

  @Test
  void tls_isRefusedWhereThereIsNone() throws Exception {
    var here = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
    try (var server = serve(new LegacyConfig(here, List.of(), List.of()), Limits.of(Part.SCHEDULER))) {
      refused(client.checking(files.plain(spec -> spec), files.ca.der(), server.port()));
    }
  }

  @Test
  @Threat("S-LEG-7")
  void addressOutsideTheBlocks_isClosed_whateverItWouldShow() throws Exception {
    try (var server = serve(files.listener("allow-from: [127.0.0.2/32]"), Limits.of(Part.SCHEDULER))) {
      refused(client.checking(files.plain(spec -> spec), files.ca.der(), server.port()));

      assertThat(audit.await(it -> it.action() == AuditAction.AUTHN_FAILURE).reason()).isEqualTo("NOT_ADMITTED");
    }
  }

  @Test
  @Threat("S-LEG-3")
  void handshakeThatStops_isClosed() throws Exception {
    var hasty = Limits.configured(Part.SCHEDULER, Map.of(Bound.HANDSHAKE_TIME.key(), 100L));
    try (var server = serve(files.listener(""), hasty);
        var slow = new Socket(InetAddress.getLoopbackAddress(), server.port())) {
      slow.getOutputStream().write(new byte[] {22, 3, 1, 2, 0}); // head of a record that never comes

      awaitEnd(slow);
      awaitFailedHandshake();
    }
  }

  @Test
  @Threat("S-LEG-3")
  void handshakeOverTheLimit_isClosed_andItsPlaceComesBack() throws Exception {
    var few = Limits.configured(Part.SCHEDULER, Map.of(Bound.HANDSHAKES.key(), 1L));
    try (var server = serve(files.listener(""), few)) {
      try (var first = new Socket(InetAddress.getLoopbackAddress(), server.port());
          var second = new Socket(InetAddress.getLoopbackAddress(), server.port())) {
        assertThat(audit.await(it -> it.action() == AuditAction.LIMIT_HIT).actor()).isEqualTo(ME);
        assertThat(first.getPort()).isEqualTo(second.getPort());
      }
      audit.await(it -> it.action() == AuditAction.AUTHN_FAILURE); // the one inside hung up

      call(client.checking(files.plain(spec -> spec), files.ca.der(), server.port()));

      assertThat(service.callers).containsExactly(ME);
    }
  }
}
