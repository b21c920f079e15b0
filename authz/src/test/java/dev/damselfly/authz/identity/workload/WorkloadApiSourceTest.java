package dev.damselfly.authz.identity.workload;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.ByteString;
import com.sun.security.auth.module.UnixSystem;
import dev.damselfly.api.assurance.Threat;
import dev.damselfly.authz.audit.AuditAction;
import dev.damselfly.authz.audit.AuditEvent;
import dev.damselfly.authz.identity.BundleSet;
import dev.damselfly.authz.identity.IdentitySnapshot;
import dev.damselfly.authz.identity.SpiffeId;
import dev.damselfly.authz.identity.TrustDomain;
import dev.damselfly.authz.identity.Verdict;
import dev.damselfly.authz.identity.X509SvidVerifier;
import dev.damselfly.authz.testing.ManualClock;
import dev.damselfly.authz.testing.MemoryAudit;
import dev.damselfly.authz.testing.ScriptedWorkloadApi;
import dev.damselfly.authz.testing.TestCa;
import dev.damselfly.authz.testing.TestSvid;
import io.grpc.Status;
import io.spiffe.workloadapi.grpc.Workload.X509SVID;
import io.spiffe.workloadapi.grpc.Workload.X509SVIDResponse;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.Instant;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.bouncycastle.asn1.x509.KeyUsage;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

@NullMarked
@Threat({"F-23", "F-31", "S-WLA-1", "S-WLA-2"})
class WorkloadApiSourceTest {
  private static final Retry FAST = new Retry(Duration.ofMillis(5), Duration.ofMillis(10), Duration.ofMillis(20));
  private static final Duration DEADLINE = Duration.ofSeconds(10);
  private static final String PATH = "/damselfly/peer/c1/host-1";

  private final ManualClock clock = ManualClock.now();
  private final TestCa ca = TestCa.root("td.test", clock);
  private final MemoryAudit audit = new MemoryAudit();
  private final BlockingQueue<IdentitySnapshot> states = new LinkedBlockingQueue<>();
  private final ScriptedWorkloadApi api = ScriptedWorkloadApi.start();

  WorkloadApiSourceTest() throws IOException {}

  @AfterEach
  void stop() {
    api.close();
  }

  private WorkloadApiSource source(Optional<SpiffeId> wanted) {
    var source = new WorkloadApiSource(new WorkloadEndpoint(api.socket()), wanted, clock, audit, FAST);
    source.subscribe(states::add);
    return source;
  }

  private WorkloadApiSource started() throws Exception {
    api.send(ScriptedWorkloadApi.response(ca.svid(PATH), ca.der()));
    WorkloadApiSource source = source(Optional.empty()).start(DEADLINE);
    next();
    return source;
  }

  private IdentitySnapshot next() throws InterruptedException {
    IdentitySnapshot state = states.poll(10, TimeUnit.SECONDS);
    if (state == null) {
      throw new AssertionError("no new state; audit: " + audit.events());
    }
    return state;
  }

  @Test
  void firstState_isVerifiedAndAnnounced() throws Exception {
    TestSvid svid = ca.intermediate(spec -> spec).svid(PATH);
    api.send(ScriptedWorkloadApi.response(svid, ca.der()));

    try (var source = source(Optional.empty()).start(DEADLINE)) {
      IdentitySnapshot state = source.current();
      assertThat(state.id()).hasToString("spiffe://td.test" + PATH);
      assertThat(state.chainDer()).containsExactlyElementsOf(svid.chainDer());
      assertThat(state.notAfter()).isEqualTo(svid.notAfter());
      assertThat(state.generation()).isEqualTo(1);
      assertThat(source.isHealthy()).isTrue();
      assertThat(api.awaitCall()).contains("true");
      assertThat(audit.of(AuditAction.SVID_ROTATE)).hasSize(1);
      assertThat(audit.of(AuditAction.BUNDLE_UPDATE)).hasSize(1);
    }
  }

  @Test
  void eachState_replacesTheWholeState() throws Exception {
    TestCa other = TestCa.root("other.test", clock);
    TestCa next = TestCa.root("td.test", clock);
    X509SVIDResponse federated =
        ScriptedWorkloadApi.response(ca.svid(PATH), ca.der(), next.der()).toBuilder()
            .putFederatedBundles("spiffe://other.test", ByteString.copyFrom(other.der()))
            .build();

    try (var source = started()) {
      api.send(federated);
      BundleSet both = next().bundles();
      api.send(ScriptedWorkloadApi.response(next.svid(PATH), next.der()));
      BundleSet last = next().bundles();

      assertThat(both.of(new TrustDomain("other.test"))).isPresent();
      assertThat(both.of(ca.trustDomain()).orElseThrow()).hasSize(2);
      assertThat(last.of(new TrustDomain("other.test"))).isEmpty();
      assertThat(last.of(ca.trustDomain()).orElseThrow()).containsExactly(next.der());
      assertThat(source.current().generation()).isEqualTo(3);
      assertThat(X509SvidVerifier.verify(ca.svid(PATH).chainDer(), last, clock.instant()))
          .isInstanceOf(Verdict.Refused.class);
    }
  }

  private static Arguments flaw(String reason, String what, UnaryOperator<X509SVIDResponse> change) {
    return Arguments.of(reason, what, change);
  }

  private static UnaryOperator<X509SVIDResponse> onSvid(
      UnaryOperator<X509SVID.Builder> change) {
    return response -> {
      var builder = response.toBuilder();
      var _ = change.apply(builder.getSvidsBuilder(0));
      return builder.build();
    };
  }

  static Stream<Arguments> flaws() {
    TestCa ca = TestCa.root("td.test");
    TestCa other = TestCa.root("td.test");
    Instant now = Instant.now();
    byte[] foreign = TestCa.root("other.test").der();
    ByteString otherKey = ByteString.copyFrom(ca.svid(PATH).key().getEncoded());
    return Stream.of(
        flaw("EMPTY", "no SVID", response -> X509SVIDResponse.getDefaultInstance()),
        flaw("FIELD_MISSING", "no id", onSvid(svid -> svid.clearSpiffeId())),
        flaw("FIELD_MISSING", "no chain", onSvid(svid -> svid.clearX509Svid())),
        flaw("FIELD_MISSING", "no key", onSvid(svid -> svid.clearX509SvidKey())),
        flaw("FIELD_MISSING", "no bundle", onSvid(svid -> svid.clearBundle())),
        flaw("LIMIT", "long hint", onSvid(svid -> svid.setHint("x".repeat(1025)))),
        flaw("LIMIT", "long chain", onSvid(svid -> svid.setX509Svid(ByteString.copyFrom(new byte[70_000])))),
        flaw("ENCODING", "chain is no DER", onSvid(svid -> svid.setX509Svid(ByteString.copyFromUtf8("chain")))),
        flaw("ENCODING", "id is none", onSvid(svid -> svid.setSpiffeId("https://td.test/x"))),
        flaw("ENCODING", "key is none", onSvid(svid -> svid.setX509SvidKey(ByteString.copyFromUtf8("key")))),
        flaw("KEY_MISMATCH", "another key", onSvid(svid -> svid.setX509SvidKey(otherKey))),
        flaw("ID_MISMATCH", "another id", onSvid(svid -> svid.setSpiffeId("spiffe://td.test/other"))),
        flaw("CHAIN", "another bundle", onSvid(svid -> svid.setBundle(ByteString.copyFrom(other.der())))),
        flaw("BUNDLE", "bundle is no DER", onSvid(svid -> svid.setBundle(ByteString.copyFromUtf8("bundle")))),
        flaw("CHAIN", "expired", response -> made(ca, ca.svid(PATH, s -> s.validity(now.minusSeconds(99), now.minusSeconds(50))))),
        flaw("CHAIN", "cA", response -> made(ca, ca.svid(PATH, s -> s.ca(true)))),
        flaw("CHAIN", "signs", response -> made(ca, ca.svid(PATH, s -> s.keyUsage(KeyUsage.digitalSignature | KeyUsage.keyCertSign)))),
        flaw("CHAIN", "two URIs", response -> made(ca, ca.svid(PATH, s -> s.uri("spiffe://td.test/b")))),
        flaw("CHAIN", "other scheme", response -> made(ca, ca.svid(PATH, s -> s.noUris().uri("https://td.test/b")))),
        flaw("DOMAIN", "federated with itself", response -> federated(response, "spiffe://td.test", foreign)),
        flaw("DOMAIN", "federated id with path", response -> federated(response, "spiffe://other.test/x", foreign)),
        flaw("DOMAIN", "federated name only", response -> federated(response, "other.test", foreign)),
        flaw("BUNDLE", "federated without authority", response -> federated(response, "spiffe://other.test", new byte[0])),
        flaw("BUNDLE", "federated with rest", response -> federated(response, "spiffe://other.test", new byte[] {0x30, 0, 1})));
  }

  private static X509SVIDResponse made(TestCa ca, TestSvid svid) {
    return ScriptedWorkloadApi.response(svid, ca.der());
  }

  private static X509SVIDResponse federated(X509SVIDResponse response, String domain, byte[] bundle) {
    return response.toBuilder().putFederatedBundles(domain, ByteString.copyFrom(bundle)).build();
  }

  @ParameterizedTest
  @MethodSource("flaws")
  void flawedUpdate_isIgnoredAndAudited(String reason, String what, UnaryOperator<X509SVIDResponse> change)
      throws Exception {
    try (var source = started()) {
      IdentitySnapshot before = source.current();

      api.send(change.apply(ScriptedWorkloadApi.response(ca.svid(PATH), ca.der())));

      var event = audit.await(e -> e.decision() == AuditEvent.Decision.FAILED);
      assertThat(event.reason()).as(what).isEqualTo(reason);
      assertThat(source.current()).as(what).isSameAs(before);
      api.send(ScriptedWorkloadApi.response(ca.svid(PATH), ca.der()));
      assertThat(next().generation()).as("the next good one is taken").isEqualTo(2);
    }
  }

  @Test
  void wantedIdentity_winsOverTheFirst() throws Exception {
    X509SVIDResponse two =
        X509SVIDResponse.newBuilder()
            .addSvids(ScriptedWorkloadApi.svid(ca.svid("/a"), ca.der()))
            .addSvids(ScriptedWorkloadApi.svid(ca.svid("/b"), ca.der()))
            .build();
    api.send(two);

    try (var byDefault = source(Optional.empty()).start(DEADLINE);
        var wanted = source(Optional.of(SpiffeId.parse("spiffe://td.test/b"))).start(DEADLINE)) {
      assertThat(byDefault.current().id().path()).containsExactly("a");
      assertThat(wanted.current().id().path()).containsExactly("b");
    }
    assertThatThrownBy(() -> source(Optional.of(SpiffeId.parse("spiffe://td.test/c"))).start(Duration.ofMillis(300)))
        .isInstanceOf(WorkloadApiUnavailable.class)
        .hasMessageContaining("WANTED_ABSENT");
  }

  @Test
  void lostStream_isOpenedAgain() throws Exception {
    try (var source = started()) {
      api.awaitCall();

      api.refuseNext(Status.UNAVAILABLE, Status.INTERNAL);
      api.endStreams(Status.UNAVAILABLE);

      assertThat(api.awaitCall()).contains("true");
      assertThat(api.awaitCall()).contains("true");
      assertThat(api.awaitCall()).contains("true");
      assertThat(next().generation()).isEqualTo(2);
      assertThat(source.isHealthy()).isTrue();
    }
  }

  @Test
  void invalidArgument_isNotRetried() throws Exception {
    api.refuseNext(Status.INVALID_ARGUMENT);

    assertThatThrownBy(() -> source(Optional.empty()).start(DEADLINE))
        .isInstanceOf(WorkloadApiUnavailable.class)
        .hasMessageContaining("INVALID_ARGUMENT");

    api.awaitCall();
    assertThat(api.pendingCalls()).isZero();
    assertThat(audit.of(AuditAction.SVID_ROTATE_FAIL)).hasSize(1);
  }

  @Test
  void denial_withdrawsTheIdentity_untilItIsGrantedAgain() throws Exception {
    try (var source = started()) {
      IdentitySnapshot granted = source.current();
      api.refuseNext(Status.PERMISSION_DENIED);
      api.endStreams(Status.PERMISSION_DENIED);

      IdentitySnapshot withdrawn = next();
      assertThat(withdrawn.isUsableAt(clock.instant())).isFalse();
      assertThat(withdrawn.bundles().authoritiesDer()).isEmpty();
      IdentitySnapshot again = next();
      assertThat(again.id()).isEqualTo(granted.id());
      assertThat(again.isUsableAt(clock.instant())).isTrue();
      assertThat(again.generation()).isEqualTo(3);
    }
  }

  @Test
  void denialOfAProcessThatNeverHadAnIdentity_withdrawsNothing_andFillsNoAuditLog() throws Exception {
    api.refuseNext(Collections.nCopies(9, Status.PERMISSION_DENIED).toArray(Status[]::new));
    api.send(ScriptedWorkloadApi.response(ca.svid(PATH), ca.der()));

    try (var source = source(Optional.empty()).start(DEADLINE)) {
      assertThat(source.current().isUsableAt(clock.instant())).isTrue();
      assertThat(refusals()).containsExactly("DENIED 1", "DENIED 2", "DENIED 4", "DENIED 8");
    }
  }

  @Test
  void denialForGood_saysThatThereIsNoIdentityAndForWhom() {
    api.refuseNext(Collections.nCopies(1000, Status.PERMISSION_DENIED).toArray(Status[]::new));

    assertThatThrownBy(() -> source(Optional.empty()).start(Duration.ofMillis(300)))
        .isInstanceOf(WorkloadApiUnavailable.class)
        .hasMessageContaining("has no identity for this process, which runs as uid " + new UnixSystem().getUid());
  }

  @Test
  void denialThatGoesOn_isAWithdrawalOnce() throws Exception {
    try (var source = started()) {
      api.refuseNext(Collections.nCopies(5, Status.PERMISSION_DENIED).toArray(Status[]::new));
      api.endStreams(Status.PERMISSION_DENIED);
      assertThat(next().isUsableAt(clock.instant())).isFalse();
      assertThat(next().isUsableAt(clock.instant())).isTrue();
      api.refuseNext(Status.PERMISSION_DENIED);
      api.endStreams(Status.UNAVAILABLE);
      assertThat(next().isUsableAt(clock.instant())).isFalse();

      assertThat(refusals()).containsExactly("WITHDRAWN 1", "DENIED 1", "DENIED 2", "DENIED 4", "WITHDRAWN 1");
      assertThat(source.current().id()).hasToString("spiffe://td.test" + PATH);
    }
  }

  private List<String> refusals() {
    return audit.of(AuditAction.SVID_ROTATE_FAIL).stream().map(event -> event.reason() + " " + event.detail().get("times")).toList();
  }

  @Test
  void lostApi_keepsTheStateAndTurnsUnhealthyAtHalfOfTheRemainingLife() throws Exception {
    try (var source = started()) {
      Duration left = Duration.between(clock.instant(), source.current().notAfter());
      api.close();
      awaitUnhealthyAfter(source, left.dividedBy(2).plusSeconds(1));

      assertThat(source.current().isUsableAt(clock.instant())).isTrue();
    }
  }

  private void awaitUnhealthyAfter(WorkloadApiSource source, Duration step) throws InterruptedException {
    assertThat(source.isHealthy()).isTrue();
    long deadline = System.nanoTime() + DEADLINE.toNanos();
    while (source.isStreaming() && System.nanoTime() < deadline) {
      Thread.onSpinWait();
    }
    clock.advance(step);
    assertThat(source.isHealthy()).isFalse();
  }

  @Test
  void failedAudit_refusesTheUpdate() throws Exception {
    try (var source = started()) {
      audit.willFail(true);
      api.send(ScriptedWorkloadApi.response(ca.svid(PATH), ca.der()));
      api.send(ScriptedWorkloadApi.response(ca.svid("/damselfly/peer/c1/other"), ca.der()));
      audit.willFail(false);
      api.endStreams(Status.UNAVAILABLE);

      assertThat(source.current().id()).hasToString("spiffe://td.test" + PATH);
    }
  }

  @Test
  void lateSocket_isAwaited() throws Exception {
    Path late = Files.createTempDirectory("wl").resolve("late.sock");
    var source = new WorkloadApiSource(new WorkloadEndpoint(late), Optional.empty(), clock, audit, FAST);
    source.subscribe(states::add);
    var starter = Thread.ofVirtual().start(() -> startQuietly(source));

    try (var lateApi = ScriptedWorkloadApi.at(late)) {
      lateApi.send(ScriptedWorkloadApi.response(ca.svid(PATH), ca.der()));

      assertThat(next().id()).hasToString("spiffe://td.test" + PATH);
      starter.join();
    } finally {
      source.close();
    }
  }

  private static void startQuietly(WorkloadApiSource source) {
    try {
      source.start(DEADLINE);
    } catch (WorkloadApiUnavailable | InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  @Test
  void untrustedSockets_areNotConnectedTo() throws Exception {
    Path open = Files.createTempDirectory("wl");
    Files.setPosixFilePermissions(open, PosixFilePermissions.fromString("rwxrwxrwx"));
    Path link = Files.createTempDirectory("wl").resolve("link.sock");
    Files.createSymbolicLink(link, api.socket());
    Path file = Files.createFile(Files.createTempDirectory("wl").resolve("file.sock"));

    try (var inOpen = ScriptedWorkloadApi.at(open.resolve("api.sock"))) {
      for (Path path : List.of(inOpen.socket(), link, file)) {
        var source = new WorkloadApiSource(new WorkloadEndpoint(path), Optional.empty(), clock, audit, FAST);
        assertThatThrownBy(() -> source.start(Duration.ofMillis(200)))
            .as(path.getFileName().toString())
            .isInstanceOf(WorkloadApiUnavailable.class)
            .hasMessageContaining("workload endpoint");
      }
      assertThat(inOpen.pendingCalls() + api.pendingCalls()).isZero();
    }
  }

  @Test
  void noApi_failsAtTheDeadline() {
    api.close();

    assertThatThrownBy(() -> source(Optional.empty()).start(Duration.ofMillis(100)))
        .isInstanceOf(WorkloadApiUnavailable.class);
  }

  @Test
  void bundleWithUnreadableEntry_stillServesTheOthers() throws Exception {
    api.send(ScriptedWorkloadApi.response(ca.svid(PATH), new byte[] {0x30, 0}, ca.der()));

    try (var source = source(Optional.empty()).start(DEADLINE)) {
      assertThat(source.current().bundles().authoritiesDer()).containsOnlyKeys(ca.trustDomain());
      assertThat(Map.copyOf(source.current().bundles().authoritiesDer()).get(ca.trustDomain())).hasSize(2);
    }
  }
}
