package dev.damselfly.authz.guard;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.damselfly.api.assurance.Threat;
import dev.damselfly.api.error.GrpcErrors;
import dev.damselfly.api.error.Reason;
import dev.damselfly.api.wire.damselfly.v1.ListGrantKeysRequest;
import dev.damselfly.api.wire.damselfly.v1.SwarmGrpc;
import dev.damselfly.authz.audit.AuditAction;
import dev.damselfly.authz.egress.Cidr;
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
import dev.damselfly.authz.testing.RawClient;
import dev.damselfly.authz.testing.TestCa;
import io.grpc.ManagedChannel;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// Over real connections of loopback.
@NullMarked
@Timeout(60)
class LegacyServerTest {
  private static final LegacyCallers.Place PLACE = new LegacyCallers.Place(new TrustDomain("example.org"), "east");
  private static final InetSocketAddress HERE = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
  private static final LegacyConfig LOOPBACK = new LegacyConfig(HERE, List.of(), List.of());
  private static final String ME = "spiffe://example.org/damselfly/legacy/127.0.0.1";

  private final MemoryAudit audit = new MemoryAudit();
  private final Fixture.Service service = new Fixture.Service();
  private final RawClient client = new RawClient();

  @AfterEach
  void closeClient() {
    client.close();
  }

  private LegacyServer serve(LegacyConfig config, Limits limits, Role listKeys) throws Exception {
    var policy =
        new Policy(
            List.of(
                new Policy.Row("damselfly.v1.Swarm/Join", Set.of(Role.LEGACY), Policy.Binding.none()),
                new Policy.Row("damselfly.v1.Swarm/ListGrantKeys", Set.of(listKeys), Policy.Binding.none()),
                new Policy.Row("damselfly.v1.Swarm/ListLegacyHolders", Set.of(), Policy.Binding.none())));
    var services = List.of(service.bindService());
    return new LegacyServer(config, services, policy, PLACE, audit, limits).start();
  }

  private static Limits limits(Bound bound, long value) {
    return Limits.configured(Part.SCHEDULER, Map.of(bound.key(), value));
  }

  private static void listKeys(ManagedChannel channel) {
    SwarmGrpc.newBlockingStub(channel).listGrantKeys(ListGrantKeysRequest.getDefaultInstance());
  }

  private static StatusRuntimeException refused(ManagedChannel channel) {
    return catchThrowableOfType(StatusRuntimeException.class, () -> listKeys(channel));
  }

  /// Until the server ends the connection.
  private static void awaitEnd(Socket socket) throws Exception {
    socket.setSoTimeout(30_000);
    var in = socket.getInputStream();
    for (int read = in.read(); read >= 0; read = in.read()) {
      assertThat(read).isNotNegative(); // the server's own preface
    }
  }

  @Test
  void caller_isNamedByItsAddress_andTheStartIsAWarning() throws Exception {
    try (var server = serve(LOOPBACK, Limits.of(Part.SCHEDULER), Role.LEGACY)) {
      var channel = client.plain(server.port());

      listKeys(channel);

      assertThat(service.callers).containsExactly(ME);
      assertThat(audit.of(AuditAction.PROCESS_START))
          .singleElement()
          .satisfies(event -> assertThat(event.detail()).containsEntry(LegacyAudit.KEY, LegacyAudit.WARNING));
      channel.shutdownNow();
    }
  }

  @Test
  @Threat("S-LEG-1")
  void addressOutsideTheBlocks_isClosedUnread_andRecorded() throws Exception {
    var elsewhere = new LegacyConfig(HERE, List.of(Cidr.parse("127.0.0.2/32")), List.of());
    try (var server = serve(elsewhere, Limits.of(Part.SCHEDULER), Role.LEGACY)) {
      var channel = client.plain(server.port());

      assertThat(refused(channel).getStatus().getCode()).isEqualTo(Status.Code.UNAVAILABLE);

      var event = audit.await(it -> it.action() == AuditAction.AUTHN_FAILURE);
      assertThat(event.reason()).isEqualTo("NOT_ADMITTED");
      assertThat(event.source()).contains("127.0.0.1");
      assertThat(service.callers).isEmpty();
      channel.shutdownNow();
    }
  }

  @Test
  @Threat("S-LEG-3")
  void connectionOverTheShareOfItsAddress_isClosed_andRecorded() throws Exception {
    try (var server = serve(LOOPBACK, limits(Bound.CONNECTIONS_PER_IDENTITY, 1), Role.LEGACY)) {
      var channel = client.plain(server.port());
      listKeys(channel);

      try (var second = new Socket(InetAddress.getLoopbackAddress(), server.port())) {
        awaitEnd(second);
      }

      assertThat(audit.await(it -> it.action() == AuditAction.LIMIT_HIT).detail()).containsKey(LegacyAudit.KEY);
      assertThat(server.connections()).isEqualTo(1);
      channel.shutdownNow();
    }
  }

  @Test
  @Threat("S-LEG-3")
  void silentConnection_isClosed() throws Exception {
    try (var server = serve(LOOPBACK, limits(Bound.HANDSHAKE_TIME, 100), Role.LEGACY);
        var silent = new Socket(InetAddress.getLoopbackAddress(), server.port())) {
      awaitEnd(silent);
    }
  }

  @Test
  void rpcOfOtherRoles_isRefused_andTheRecordSaysWhatKindOfCallerItWas() throws Exception {
    try (var server = serve(LOOPBACK, Limits.of(Part.SCHEDULER), Role.PEER)) {
      var channel = client.plain(server.port());

      assertThat(GrpcErrors.reasonOf(refused(channel))).contains(Reason.CALLER_NOT_ALLOWED);

      assertThat(audit.of(AuditAction.AUTHZ_DENY))
          .singleElement()
          .satisfies(event -> assertThat(event.actor()).isEqualTo(ME))
          .satisfies(event -> assertThat(event.detail()).containsEntry(LegacyAudit.KEY, LegacyAudit.WARNING));
      channel.shutdownNow();
    }
  }

  @Test
  void rpcWithoutARow_stopsTheStart() {
    var none = new Policy(List.of());
    var services = List.of(service.bindService());

    assertThatThrownBy(
            () -> new LegacyServer(LOOPBACK, services, none, PLACE, audit, Limits.of(Part.PEER)))
        .isInstanceOf(IllegalStateException.class);
  }

  @Test
  @Threat("S-LEG-2")
  void certificateWithTheNameOfALegacyCaller_isRefusedWhereIdentitiesCount() throws Exception {
    try (var fixture = new Fixture()) {
      var channel = client.as(TestCa.root("example.org").svid("/damselfly/legacy/127.0.0.1"), fixture.server.port());
      var own = client.as(fixture.ca.svid("/damselfly/legacy/127.0.0.1"), fixture.server.port());

      assertThat(refused(channel).getStatus().getCode()).isEqualTo(Status.Code.UNAVAILABLE);
      assertThat(refused(own).getStatus().getCode()).isEqualTo(Status.Code.UNAVAILABLE);

      fixture.audit.await(event -> event.reason().equals("NO_ROLE"));
      channel.shutdownNow();
      own.shutdownNow();
    }
  }
}
