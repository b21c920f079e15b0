package dev.damselfly.authz.legacy;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.damselfly.api.assurance.Threat;
import dev.damselfly.authz.audit.AuditAction;
import dev.damselfly.authz.audit.AuditEvent;
import dev.damselfly.authz.audit.AuditEvent.Decision;
import dev.damselfly.authz.config.ConfigProblems;
import dev.damselfly.authz.config.ConfigReader;
import dev.damselfly.authz.egress.Cidr;
import dev.damselfly.authz.identity.Caller;
import dev.damselfly.authz.identity.Role;
import dev.damselfly.authz.identity.RoleTemplate;
import dev.damselfly.authz.identity.TrustDomain;
import dev.damselfly.authz.testing.MemoryAudit;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@NullMarked
class LegacyConfigTest {
  private static final TrustDomain DOMAIN = new TrustDomain("example.org");

  private static Optional<LegacyConfig> read(String yaml) throws ConfigProblems {
    var root = ConfigReader.parse(yaml.getBytes(UTF_8));
    var config = LegacyConfig.read(root, InetAddress.getLoopbackAddress());
    root.finish();
    return config;
  }

  private static InetSocketAddress at(String ip) {
    return new InetSocketAddress(InetAddress.ofLiteral(ip), 40_000);
  }

  @Test
  @Threat("S-LEG-1")
  void withoutItsSection_thereIsNoListener() throws Exception {
    assertThat(read("{}")).isEmpty();
  }

  @Test
  void loopbackListener_admitsLoopbackWithoutBeingTold() throws Exception {
    var config = read("legacy: {listen: '127.0.0.1:8012'}").orElseThrow();

    assertThat(config.allowFrom()).containsExactly(Cidr.parse("127.0.0.0/8"), Cidr.parse("::1/128"));
  }

  @Test
  void namedBlocks_areRead() throws Exception {
    var config =
        read("legacy: {listen: '0.0.0.0:8012', allow-from: [10.1.0.0/16], advertise-within: [10.2.0.0/24]}").orElseThrow();

    assertThat(config.listen()).isEqualTo(new InetSocketAddress("0.0.0.0", 8012));
    assertThat(config.allowFrom()).containsExactly(Cidr.parse("10.1.0.0/16"));
    assertThat(config.advertiseWithin()).containsExactly(Cidr.parse("10.2.0.0/24"));
  }

  @ParameterizedTest
  @Threat("S-LEG-1")
  @ValueSource(
      strings = {
        "legacy: {}",
        "legacy: {listen: 'localhost:8012'}",
        "legacy: {listen: '0.0.0.0:8012'}",
        "legacy: {listen: '10.1.0.1:8012', allow-from: []}",
        "legacy: {listen: '10.1.0.1:8012', allow-from: [0.0.0.0/0]}",
        "legacy: {listen: '10.1.0.1:8012', allow-from: [8.0.0.0/7]}",
        "legacy: {listen: '10.1.0.1:8012', allow-from: ['::/0']}",
        "legacy: {listen: '10.1.0.1:8012', allow-from: [10.1.0.1/16]}",
        "legacy: {listen: '10.1.0.1:8012', allow-from: [10.1.0.0/16], advertise-within: [0.0.0.0/0]}",
        "legacy: {listen: '10.1.0.1:65536', allow-from: [10.1.0.0/16]}",
        "legacy: {listen: '10.1.0.1:8012', allow-from: [10.1.0.0/16], tls: false}"
      })
  void everythingElse_stopsTheStart(String yaml) {
    assertThatThrownBy(() -> read(yaml)).isInstanceOf(ConfigProblems.class).hasMessageContaining("legacy");
  }

  @Test
  @Threat("S-LEG-2")
  void caller_isItsObservedAddress_andNoCertificateCanBeIt() {
    var callers = new LegacyCallers(new LegacyCallers.Place(DOMAIN, "east"), List.of(Cidr.parse("10.1.0.0/16"), Cidr.parse("fd00::/32")));

    Caller four = callers.admit(at("10.1.2.3")).orElseThrow();
    Caller six = callers.admit(at("fd00::1")).orElseThrow();

    assertThat(four.role()).isEqualTo(Role.LEGACY);
    assertThat(four.cluster()).contains("east");
    assertThat(four.id()).hasToString("spiffe://example.org/damselfly/legacy/10.1.2.3");
    assertThat(six.id()).hasToString("spiffe://example.org/damselfly/legacy/fd000000000000000000000000000001");
    assertThat(new RoleTemplate(DOMAIN).meaningOf(four.id())).isEmpty();
    assertThat(callers.admit(at("10.2.0.1"))).isEmpty();
  }

  @Test
  @Threat("S-LEG-1")
  void recordsOfLegacyCallers_carryTheWarning_othersDoNot() {
    var log = new MemoryAudit();
    var audit = new LegacyAudit(log);

    audit.record(event("spiffe://example.org/damselfly/legacy/10.1.2.3"));
    audit.record(event("spiffe://example.org/damselfly/peer/legacy/host"));
    audit.record(event("anonymous"));

    assertThat(log.events())
        .extracting(it -> it.detail().get(LegacyAudit.KEY))
        .containsExactly(LegacyAudit.WARNING, null, null);
    assertThat(log.events().getFirst().detail()).containsEntry("a", "b");
  }

  private static AuditEvent event(String actor) {
    return new AuditEvent(AuditAction.PEER_JOIN, actor, "x", Decision.DONE, "", "y", Map.of("a", "b"));
  }
}
