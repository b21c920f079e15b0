package dev.damselfly.authz.guard;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.damselfly.api.assurance.Threat;
import dev.damselfly.api.error.GrpcErrors;
import dev.damselfly.api.error.Reason;
import dev.damselfly.api.error.RequestFailure.Refused;
import dev.damselfly.api.wire.common.v2.Download;
import dev.damselfly.api.wire.damselfly.v1.JoinEvent;
import dev.damselfly.api.wire.damselfly.v1.JoinRequest;
import dev.damselfly.api.wire.damselfly.v1.ListGrantKeysRequest;
import dev.damselfly.api.wire.damselfly.v1.Register;
import dev.damselfly.api.wire.damselfly.v1.SwarmGrpc;
import dev.damselfly.authz.audit.AuditAction;
import dev.damselfly.authz.policy.Policy;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.Status.Code;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.MetadataUtils;
import io.grpc.stub.StreamObserver;
import java.net.InetSocketAddress;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

@NullMarked
class GuardedServerTest {
  private Fixture fixture;
  private GuardedChannels channels;
  private ManagedChannel channel;

  GuardedServerTest() throws Exception {
    fixture = new Fixture();
    channels = fixture.channels(fixture.ca.snapshot(Fixture.PEER));
    channel = fixture.open(channels);
  }

  @BeforeEach
  void nothingHappenedYet() {
    assertThat(fixture.service.callers).isEmpty();
  }

  @AfterEach
  void close() {
    channel.shutdownNow();
    channels.close();
    fixture.close();
  }

  @Test
  void call_ofAnAllowedRole_reachesTheHandlerWithItsIdentity() {
    SwarmGrpc.newBlockingStub(channel).listGrantKeys(ListGrantKeysRequest.getDefaultInstance());

    assertThat(fixture.service.callers).containsExactly("spiffe://example.org" + Fixture.PEER);
  }

  @Test
  @Threat({"S-UPG-8", "TOB-1", "CVE-2025-59345"})
  void call_ofAnotherRole_isRefusedBeforeTheHandlerAndRecorded() {
    try (var others = fixture.channels(fixture.ca.snapshot(Fixture.MANAGER))) {
      var other = fixture.open(others);

      var error = refusal(() -> SwarmGrpc.newBlockingStub(other).listGrantKeys(ListGrantKeysRequest.getDefaultInstance()));

      assertThat(GrpcErrors.reasonOf(error)).contains(Reason.CALLER_NOT_ALLOWED);
      assertThat(fixture.service.callers).isEmpty();
      assertThat(fixture.audit.of(AuditAction.AUTHZ_DENY)).hasSize(1);
      other.shutdownNow();
    }
  }

  @Test
  @Threat("S-UPG-7")
  void handshake_withAnExpiredSvid_isRefusedAndRecorded() throws Exception {
    var expired =
        fixture.ca.svid(Fixture.PEER, spec -> spec.validity(Instant.now().minusSeconds(60), Instant.now().minusSeconds(1)));
    try (var others = fixture.channels(expired.snapshot(fixture.ca.bundles(), 1))) {
      var other = fixture.open(others);

      var error = refusal(() -> SwarmGrpc.newBlockingStub(other).listGrantKeys(ListGrantKeysRequest.getDefaultInstance()));

      assertThat(error.getStatus().getCode()).isEqualTo(Code.UNAVAILABLE);
      assertThat(fixture.audit.await(event -> event.action() == AuditAction.AUTHN_FAILURE)).isNotNull();
      assertThat(fixture.service.callers).isEmpty();
      other.shutdownNow();
    }
  }

  @Test
  @Threat("TOB-18")
  void message_thatSpeaksForAnotherHost_endsTheStreamBeforeTheHandlerSeesIt() throws Exception {
    var events = new Events();
    var requests = SwarmGrpc.newStub(channel).join(events);

    requests.onNext(register("10.0.0.9-host-2", false));

    assertThat(GrpcErrors.reasonOf(events.error())).contains(Reason.CALLER_NOT_ALLOWED);
    assertThat(events.messages).isEmpty();
    assertThat(fixture.audit.of(AuditAction.AUTHZ_DENY)) // one record, and it says what the caller was told
        .singleElement()
        .satisfies(event -> assertThat(event.reason()).isEqualTo(Reason.CALLER_NOT_ALLOWED.name()));
  }

  @Test
  @Threat({"TOB-14", "S-SCH-2"})
  void laterMessages_areCheckedLikeTheFirst() throws Exception {
    var events = new Events();
    var requests = SwarmGrpc.newStub(channel).join(events);
    requests.onNext(register("10.0.0.1-host-1", false));
    events.awaitMessage();

    requests.onNext(register("10.0.0.9-host-2", false));

    assertThat(GrpcErrors.reasonOf(events.error())).contains(Reason.CALLER_NOT_ALLOWED);
    assertThat(events.messages).isEmpty();
    var malformed = new Events();
    var others = SwarmGrpc.newStub(channel).join(malformed);
    others.onNext(register("10.0.0.1-host-1", false));
    malformed.awaitMessage();
    others.onNext(JoinRequest.newBuilder().setRegister(Register.newBuilder().setHostId("10.0.0.1-host-1")).build());
    assertThat(GrpcErrors.reasonOf(malformed.error())).contains(Reason.MALFORMED_FIELD);
    assertThat(malformed.messages).isEmpty();
  }

  @Test
  @Threat("TOB-14")
  void message_thatBreaksASchemaRule_isRefusedNamingTheField() throws Exception {
    var events = new Events();
    var requests = SwarmGrpc.newStub(channel).join(events);

    requests.onNext(JoinRequest.newBuilder().setRegister(Register.newBuilder().setHostId("10.0.0.1-host-1")).build());

    assertThat(GrpcErrors.reasonOf(events.error())).contains(Reason.MALFORMED_FIELD);
    assertThat(events.error()).hasMessageContaining("register");
  }

  @Test
  void failure_ofTheHandler_keepsItsReason() {
    fixture.service.onListKeys =
        () -> {
          throw new Refused(Reason.TASK_UNKNOWN, "no such task");
        };

    var error = refusal(() -> SwarmGrpc.newBlockingStub(channel).listGrantKeys(ListGrantKeysRequest.getDefaultInstance()));

    assertThat(error.getStatus().getCode()).isEqualTo(Code.NOT_FOUND);
    assertThat(GrpcErrors.reasonOf(error)).contains(Reason.TASK_UNKNOWN);
  }

  @Test
  @Threat({"TOB-9", "CVE-2025-59351"})
  void bug_ofTheHandler_showsAnIncidentIdAndNothingElse() {
    fixture.service.onListKeys =
        () -> {
          throw new IllegalStateException("secret detail");
        };

    var error = refusal(() -> SwarmGrpc.newBlockingStub(channel).listGrantKeys(ListGrantKeysRequest.getDefaultInstance()));

    assertThat(error.getStatus().getCode()).isEqualTo(Code.INTERNAL);
    assertThat(String.valueOf(error.getStatus().getDescription())).startsWith("internal error, incident ").doesNotContain("secret");
  }

  @Test
  void longStream_outlivesTheUnaryDeadlineThatClientsPutOnIt() throws Exception {
    var headers = new Metadata();
    headers.put(Metadata.Key.of("grpc-timeout", Metadata.ASCII_STRING_MARSHALLER), "200m");
    var responseHeaders = new AtomicReference<Metadata>();
    var trailers = new AtomicReference<Metadata>();
    var events = new Events();
    var requests =
        SwarmGrpc.newStub(channel)
            .withInterceptors(
                MetadataUtils.newAttachHeadersInterceptor(headers),
                MetadataUtils.newCaptureMetadataInterceptor(responseHeaders, trailers))
            .join(events);

    requests.onNext(register("10.0.0.1-host-1", false));
    events.awaitMessage();
    events.expectNothingFor(600);
    requests.onNext(register("10.0.0.1-host-1", false));

    events.awaitMessage();
    assertThat(responseHeaders.get()).isNotNull();
  }

  @Test
  @Threat({"F-23", "S-VTX-1"})
  void connection_endsWhenTheBundleLosesItsAuthority() throws Exception {
    var events = new Events();
    var requests = SwarmGrpc.newStub(channel).join(events);
    requests.onNext(register("10.0.0.1-host-1", false));
    events.awaitMessage();

    var other = dev.damselfly.authz.testing.TestCa.root("example.org");
    fixture.own.set(other.snapshot(Fixture.SCHEDULER));

    assertThat(events.error()).isInstanceOf(StatusRuntimeException.class);
  }

  @Test
  void server_refusesToStartWithoutARowForEachRpc() {
    assertThatThrownBy(
            () ->
                new GuardedServer(
                    new InetSocketAddress(java.net.InetAddress.getLoopbackAddress(), 0),
                    List.of(fixture.service.bindService()),
                    new Policy(List.of()),
                    fixture.own,
                    fixture.roles,
                    fixture.audit))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("damselfly.v1.Swarm/Join");
  }

  static JoinRequest register(String host, boolean onlyServes) {
    return JoinRequest.newBuilder()
        .setRegister(
            Register.newBuilder()
                .setHostId(host)
                .setTaskId("0".repeat(64))
                .setPeerId(host + "-1")
                .setPiecePort(4005)
                .setOnlyServes(onlyServes)
                .setDownload(Download.newBuilder().setUrl("https://example.org/file")))
        .build();
  }

  private static StatusRuntimeException refusal(Runnable call) {
    return catchThrowableOfType(StatusRuntimeException.class, call::run);
  }

  /// What came back on a stream.
  private static final class Events implements StreamObserver<JoinEvent> {
    final BlockingQueue<JoinEvent> messages = new LinkedBlockingQueue<>();
    private final BlockingQueue<Throwable> errors = new LinkedBlockingQueue<>();

    @Override
    public void onNext(JoinEvent event) {
      messages.add(event);
    }

    @Override
    public void onError(Throwable error) {
      errors.add(error);
    }

    @Override
    public void onCompleted() {}

    void awaitMessage() throws InterruptedException {
      assertThat(messages.poll(10, TimeUnit.SECONDS)).isNotNull();
    }

    /// The stream stays open this long.
    void expectNothingFor(long millis) throws InterruptedException {
      assertThat(errors.poll(millis, TimeUnit.MILLISECONDS)).isNull();
    }

    Throwable error() throws InterruptedException {
      Throwable error = errors.poll(10, TimeUnit.SECONDS);
      assertThat(error).isNotNull();
      errors.add(error);
      return error;
    }
  }
}
