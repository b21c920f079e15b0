package dev.damselfly.peer.upload;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import dev.damselfly.api.assurance.Threat;
import dev.damselfly.api.wire.damselfly.v1.GrantClaims;
import dev.damselfly.authz.audit.AuditAction;
import dev.damselfly.authz.audit.AuditEvent;
import dev.damselfly.authz.audit.AuditEvent.Decision;
import dev.damselfly.authz.identity.SpiffeId;
import dev.damselfly.authz.testing.TestCa;
import dev.damselfly.authz.testing.TestSvid;
import dev.damselfly.peer.store.StoredTask;
import dev.damselfly.peer.testing.GrantMint;
import dev.damselfly.peer.testing.RawFrames;
import dev.damselfly.peer.testing.RawTls;
import dev.damselfly.peer.testing.TestHost;
import dev.damselfly.peer.transfer.PieceTransport;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Arrays;
import java.util.Optional;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/// The piece port with every kind of stranger and every kind of grant: nobody gets a byte, each refusal is recorded.
@NullMarked
class PieceMatrixTest {
  private static final byte[] CONTENT = "content that is not for everybody".getBytes(StandardCharsets.US_ASCII);
  private static final String CHILD = "/damselfly/peer/c1/child";
  private static final SpiffeId SCHEDULER = SpiffeId.parse("spiffe://td.test/damselfly/scheduler/c1/s1");
  private static final byte[] ACCEPTED = {0, (byte) 0xd1, 0, 0, 0, 0};
  private static final int GRANT = 0xd0;

  private final TestCa ca = TestCa.root("td.test");
  private final GrantMint mint = new GrantMint(SCHEDULER, InstantSource.system());
  private final TestHost parent;
  private final StoredTask task;
  private final int port;

  PieceMatrixTest(@TempDir Path directory) throws Exception {
    parent = new TestHost(ca, "/damselfly/peer/c1/parent", directory, InstantSource.system());
    task = parent.task("file", CONTENT.length, false);
    TestHost.put(task, 0, ByteBuffer.wrap(CONTENT));
    port = parent.listen(mint, UploadLimits.standard()).port();
  }

  @AfterEach
  void close() {
    parent.close();
  }

  /// Who is turned away before a grant is read, and the reason on record.
  enum Stranger {
    PLAIN_TCP("TLS"),
    NO_CERTIFICATE("TLS"),
    EXPIRED("TIME"),
    NOT_YET_VALID("TIME"),
    OTHER_TRUST_DOMAIN("NO_BUNDLE"),
    OTHER_AUTHORITY_OF_THAT_NAME("PATH"),
    NO_ROLE("NO_ROLE"),
    SCHEDULER_ROLE("NOT_EXPECTED"),
    MANAGER_ROLE("NOT_EXPECTED"),
    OPERATOR_ROLE("NOT_EXPECTED"),
    OTHER_PROTOCOL("ALPN");

    private final String reason;

    Stranger(String reason) {
      this.reason = reason;
    }
  }

  private Socket connect(Stranger stranger) throws Exception {
    Instant now = Instant.now();
    Duration hour = Duration.ofHours(1);
    return switch (stranger) {
      case PLAIN_TCP -> RawTls.plain(port);
      case NO_CERTIFICATE -> RawTls.connect(port, Optional.empty(), PieceTransport.ALPN);
      case EXPIRED -> RawTls.connect(port, ca.svid(CHILD, it -> it.validity(now.minus(hour), now.minusSeconds(2))));
      case NOT_YET_VALID -> RawTls.connect(port, ca.svid(CHILD, it -> it.validity(now.plus(hour), now.plus(hour).plus(hour))));
      case OTHER_TRUST_DOMAIN -> RawTls.connect(port, TestCa.root("other.test").svid(CHILD));
      case OTHER_AUTHORITY_OF_THAT_NAME -> RawTls.connect(port, TestCa.root("td.test").svid(CHILD));
      case NO_ROLE -> RawTls.connect(port, ca.svid("/elsewhere/peer/c1/child"));
      case SCHEDULER_ROLE -> RawTls.connect(port, ca.svid("/damselfly/scheduler/c1/child"));
      case MANAGER_ROLE -> RawTls.connect(port, ca.svid("/damselfly/manager/child"));
      case OPERATOR_ROLE -> RawTls.connect(port, ca.svid("/damselfly/operator/child"));
      case OTHER_PROTOCOL -> RawTls.connect(port, Optional.of(ca.svid(CHILD)), "h2");
    };
  }

  @ParameterizedTest
  @EnumSource
  @Threat("S-VTX-1")
  void stranger_getsNothingAndIsRecorded(Stranger stranger) throws Exception {
    byte[] answer;
    try (Socket socket = connect(stranger)) {
      answer = everythingAfter(socket, RawFrames.concat(grantFrame(goodGrant()), RawFrames.request(task.id().value(), 0)));
    } catch (IOException refused) {
      answer = new byte[0];
    }

    assertThat(answer).doesNotContain(ACCEPTED).hasSizeLessThan(CONTENT.length);
    AuditEvent event = parent.audit.await(it -> it.action() == AuditAction.AUTHN_FAILURE);
    assertThat(event.decision()).isEqualTo(Decision.DENY);
    assertThat(event.reason()).isEqualTo(stranger.reason);
    assertThat(event.source()).contains("127.0.0.1");
  }

  /// @param asker path of the identity that shows the grant
  record Case(String reason, String asker, UnaryOperator<GrantClaims.Builder> claims, UnaryOperator<byte[]> signed) {
    static Case of(String reason, UnaryOperator<GrantClaims.Builder> claims) {
      return new Case(reason, CHILD, claims, bytes -> bytes);
    }

    @Override
    public String toString() {
      return reason + " " + asker;
    }
  }

  static Stream<Case> worthlessGrants() {
    long now = Instant.now().getEpochSecond();
    return Stream.of(
        Case.of("GRANT_OTHER_CHILD", it -> it.setChildSpiffeId("spiffe://td.test/damselfly/peer/c1/another")),
        Case.of("GRANT_OTHER_PARENT", it -> it.setParentSpiffeIds(0, "spiffe://td.test/damselfly/peer/c1/another")),
        Case.of("GRANT_EXPIRED", it -> it.setNotBeforeSeconds(now - 600).setExpiresAtSeconds(now - 60)),
        Case.of("GRANT_NOT_YET_VALID", it -> it.setNotBeforeSeconds(now + 300).setExpiresAtSeconds(now + 600)),
        Case.of("GRANT_LIFETIME", it -> it.setExpiresAtSeconds(now + 90_000)),
        Case.of("GRANT_CLUSTER", it -> it.setCluster("c2")),
        Case.of("GRANT_SIGNER", it -> it.setSchedulerSpiffeId("spiffe://td.test/damselfly/peer/c1/child")),
        Case.of("GRANT_SIGNER", it -> it.setSchedulerSpiffeId("spiffe://td.test/damselfly/scheduler/c2/s1")),
        Case.of("GRANT_UNKNOWN_KEY", it -> it.setSchedulerSpiffeId("spiffe://td.test/damselfly/scheduler/c1/s2")),
        new Case("GRANT_CLUSTER", "/damselfly/peer/c2/child", it -> it, bytes -> bytes),
        new Case("GRANT_OTHER_CHILD", "/damselfly/seed-peer/c1/child", it -> it, bytes -> bytes),
        new Case("GRANT_MALFORMED", CHILD, it -> it, bytes -> Arrays.copyOf(bytes, bytes.length - 3)));
  }

  @ParameterizedTest
  @MethodSource("worthlessGrants")
  @Threat("S-VTX-6")
  void worthlessGrant_getsNothingAndIsRecorded(Case grant) throws Exception {
    byte[] signed = mint.sign(grant.claims().apply(goodClaims()).build()).toByteArray();

    assertRefused(grant.asker(), grantFrame(ByteString.copyFrom(grant.signed().apply(signed))), grant.reason());
  }

  @Test
  @Threat("S-VTX-6")
  void grantSignedByAStranger_getsNothingAndIsRecorded() throws Exception {
    var stranger = new GrantMint(SCHEDULER, InstantSource.system());

    assertRefused(CHILD, grantFrame(stranger.sign(goodClaims().build())), "GRANT_SIGNATURE");
  }

  @Test
  @Threat("S-VTX-6")
  void grantForAnotherTask_getsNothingAndIsRecorded() throws Exception {
    StoredTask other = parent.task("other", CONTENT.length, false);
    TestHost.put(other, 0, ByteBuffer.wrap(CONTENT));
    ByteString grant = mint.sign(goodClaims().setTaskId(other.id().value()).build());

    try (Socket socket = RawTls.connect(port, ca.svid(CHILD))) {
      accepted(socket, grant);
      byte[] answer = everythingAfter(socket, RawFrames.request(task.id().value(), 0));

      assertThat(new String(answer, StandardCharsets.ISO_8859_1)).doesNotContain("content that");
    }
    assertRecorded("GRANT_OTHER_TASK", CHILD);
  }

  @Test
  @Threat({"S-VTX-1", "S-VTX-6"})
  void noGrant_getsNothingAndIsRecorded() throws Exception {
    assertRefused(CHILD, RawFrames.request(task.id().value(), 0), "GRANT_MISSING");
  }

  /// What all the refusals above are measured against.
  @Test
  void goodGrant_getsTheContent() throws Exception {
    byte[] expected;
    try (Socket socket = RawTls.connect(port, ca.svid(CHILD))) {
      accepted(socket, goodGrant());
      socket.getOutputStream().write(RawFrames.request(task.id().value(), 0));
      expected = until(socket, CONTENT);
    }

    assertThat(expected).endsWith(CONTENT);
    assertThat(parent.audit.events()).noneMatch(event -> event.decision() == Decision.DENY);
  }

  private static void accepted(Socket socket, ByteString grant) throws IOException {
    socket.getOutputStream().write(grantFrame(grant));
    assertThat(socket.getInputStream().readNBytes(ACCEPTED.length)).isEqualTo(ACCEPTED);
  }

  private void assertRefused(String asker, byte[] first, String reason) throws Exception {
    try (Socket socket = RawTls.connect(port, ca.svid(asker))) {
      byte[] answer = everythingAfter(socket, first);

      assertThat(answer).isEqualTo(RawFrames.error(1, "not served to you"));
    }
    assertRecorded(reason, asker);
  }

  private void assertRecorded(String reason, String asker) throws InterruptedException {
    AuditEvent event = parent.audit.await(it -> it.decision() == Decision.DENY);
    assertThat(event.action()).isEqualTo(AuditAction.AUTHZ_DENY);
    assertThat(event.reason()).isEqualTo(reason);
    assertThat(event.actor()).isEqualTo("spiffe://td.test" + asker);
    assertThat(event.source()).contains("127.0.0.1");
  }

  private GrantClaims.Builder goodClaims() {
    return mint.claims(task.id(), child().snapshot(ca.bundles(), 1).id(), parent.id());
  }

  private TestSvid child() {
    return ca.svid(CHILD);
  }

  private ByteString goodGrant() {
    return mint.sign(goodClaims().build());
  }

  private static byte[] grantFrame(ByteString grant) {
    return RawFrames.frame(GRANT, grant.toByteArray());
  }

  /// Sends the frames and reads until the other end has had enough.
  private static byte[] everythingAfter(Socket socket, byte[] frames) throws IOException {
    var answer = new ByteArrayOutputStream();
    try {
      socket.getOutputStream().write(frames);
      for (int next = socket.getInputStream().read(); next >= 0; next = socket.getInputStream().read()) {
        answer.write(next);
      }
    } catch (SocketTimeoutException e) {
      throw new AssertionError("the connection is still open", e);
    } catch (IOException closed) {
      return answer.toByteArray(); // an alert or a reset in place of an orderly end
    }
    return answer.toByteArray();
  }

  private static byte[] until(Socket socket, byte[] end) throws IOException {
    var answer = new ByteArrayOutputStream();
    String wanted = new String(end, StandardCharsets.ISO_8859_1);
    while (!answer.toString(StandardCharsets.ISO_8859_1).endsWith(wanted)) {
      int next = socket.getInputStream().read();
      assertThat(next).as("the connection ended").isNotNegative();
      answer.write(next);
    }
    return answer.toByteArray();
  }
}
