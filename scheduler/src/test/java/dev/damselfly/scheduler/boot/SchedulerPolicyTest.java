package dev.damselfly.scheduler.boot;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.ByteString;
import com.google.protobuf.Message;
import dev.damselfly.api.assurance.Threat;
import dev.damselfly.api.error.Reason;
import dev.damselfly.api.error.RequestFailure;
import dev.damselfly.api.wire.common.v2.Download;
import dev.damselfly.api.wire.common.v2.ObjectStorage;
import dev.damselfly.api.wire.damselfly.v1.JoinRequest;
import dev.damselfly.api.wire.damselfly.v1.Register;
import dev.damselfly.api.wire.scheduler.v2.AnnouncePeerRequest;
import dev.damselfly.api.wire.scheduler.v2.RegisterPeerRequest;
import dev.damselfly.authz.identity.Caller;
import dev.damselfly.authz.identity.Role;
import dev.damselfly.authz.identity.SpiffeId;
import dev.damselfly.authz.policy.Policy.Row;
import java.net.InetSocketAddress;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// A registration comes over the network: what only a local caller may say is refused on both registering RPCs.
@NullMarked
class SchedulerPolicyTest {
  private static final Caller PEER =
      new Caller(
          SpiffeId.parse("spiffe://test/damselfly/peer/1/a"),
          Role.PEER,
          Optional.of("1"),
          "a",
          Instant.MAX,
          new InetSocketAddress("127.0.0.1", 4000));

  static Stream<UnaryOperator<Download.Builder>> powers() {
    return Stream.of(
        d -> d.setOutputPath("/etc/passwd"),
        d -> d.setOverwrite(true),
        d -> d.setForceHardLink(true),
        d -> d.addCertificateChain(ByteString.copyFromUtf8("x")),
        d -> d.setObjectStorage(ObjectStorage.newBuilder().setCredentialPath("/root/key")),
        d -> d.setObjectStorage(ObjectStorage.newBuilder().setInsecureSkipVerify(true)));
  }

  private static Row row(String method) {
    return SchedulerPolicy.policy("1", List.of()).rows().stream()
        .filter(row -> row.method().equals(method))
        .findFirst()
        .orElseThrow();
  }

  private static Message announce(Download.Builder download) {
    return AnnouncePeerRequest.newBuilder()
        .setHostId("127.0.0.1-a")
        .setPeerId("127.0.0.1-a-11111111-2222-4333-8444-555555555555")
        .setRegisterPeerRequest(RegisterPeerRequest.newBuilder().setDownload(download))
        .build();
  }

  private static Message join(Download.Builder download) {
    return JoinRequest.newBuilder()
        .setRegister(
            Register.newBuilder()
                .setHostId("127.0.0.1-a")
                .setPeerId("127.0.0.1-a-11111111-2222-4333-8444-555555555555")
                .setDownload(download))
        .build();
  }

  private static void refused(String method, Message message) {
    assertThatThrownBy(() -> row(method).binding().check(PEER, message))
        .isInstanceOfSatisfying(
            RequestFailure.class, failure -> assertThat(failure.reason()).isEqualTo(Reason.FORBIDDEN_FIELD));
  }

  @ParameterizedTest
  @MethodSource("powers")
  @Threat("S-UPG-1")
  void announcePeer_withALocalPowerIsRefused(UnaryOperator<Download.Builder> power) {
    refused("scheduler.v2.Scheduler/AnnouncePeer", announce(power.apply(Download.newBuilder().setUrl("http://o/f"))));
  }

  @ParameterizedTest
  @MethodSource("powers")
  @Threat("S-UPG-1")
  void join_withALocalPowerIsRefused(UnaryOperator<Download.Builder> power) {
    refused("damselfly.v1.Swarm/Join", join(power.apply(Download.newBuilder().setUrl("http://o/f"))));
  }

  @Test
  void plainRegistration_isAllowed() {
    var download = Download.newBuilder().setUrl("http://o/path").setTag("output_path");

    assertThatCode(() -> row("scheduler.v2.Scheduler/AnnouncePeer").binding().check(PEER, announce(download)))
        .doesNotThrowAnyException();
    assertThatCode(() -> row("damselfly.v1.Swarm/Join").binding().check(PEER, join(download))).doesNotThrowAnyException();
  }

  /// The host and the peer of a message are the caller's own.
  @Test
  @Threat("S-SCH-2")
  void announcePeer_forAnotherHostOrPeerIsRefused() {
    var other =
        AnnouncePeerRequest.newBuilder().setHostId("127.0.0.1-b").setPeerId("127.0.0.1-b-1").build();

    assertThatThrownBy(() -> row("scheduler.v2.Scheduler/AnnouncePeer").binding().check(PEER, other))
        .isInstanceOfSatisfying(
            RequestFailure.class, failure -> assertThat(failure.reason()).isEqualTo(Reason.CALLER_NOT_ALLOWED));
  }
}
