package dev.damselfly.authz.egress;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.damselfly.api.assurance.Threat;
import dev.damselfly.api.error.InvalidValue;
import dev.damselfly.api.error.Reason;
import dev.damselfly.api.error.RequestFailure;
import dev.damselfly.api.error.RequestFailure.Refused;
import dev.damselfly.authz.audit.AuditAction;
import dev.damselfly.authz.testing.MemoryAudit;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.ArrayDeque;
import java.util.Collections;
import java.util.Deque;
import java.util.List;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@NullMarked
class EgressGateTest {
  private final MemoryAudit audit = new MemoryAudit();
  private final Deque<List<InetAddress>> answers = new ArrayDeque<>();

  private EgressGate gate(EgressPolicy policy) {
    return new EgressGate(policy, this::resolve, 16, audit);
  }

  private List<InetAddress> resolve(String host) throws UnknownHostException {
    List<InetAddress> next = answers.poll();
    if (next == null) {
      throw new UnknownHostException(host);
    }
    return next;
  }

  private static List<InetAddress> ips(String... texts) {
    return java.util.Arrays.stream(texts).map(IpLiteral::parse).toList();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "127.0.0.1", "127.1", "127.0.1", "2130706433", "017700000001", "0177.0.0.1", "0x7f.1", "0x7f000001", "127.0.0.1.",
        "127.255.255.254", "[::1]", "[0:0:0:0:0:0:0:1]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[::127.0.0.1]", "[64:ff9b::7f00:1]",
        "[2002:7f00:1::]", "[2001:0:1:2:3:4:80ff:fffe]", "[::ffff:0:127.0.0.1]", "[fe80::1]", "0.0.0.0", "0", "[::]", "169.254.169.254",
        "[fd00:ec2::254]", "100.100.100.200", "168.63.129.16", "10.0.0.1", "172.16.0.1", "192.168.1.1", "100.64.0.1", "192.0.0.1",
        "198.18.0.1", "224.0.0.1", "240.0.0.1", "255.255.255.255", "[fc00::1]", "[ff02::1]", "[2001:db8::1]", "[1::1]",
        "[::93.184.216.34]", "[::ffff:0:93.184.216.34]", "[64:ff9b:1::93.184.216.34]",
        "\uff11\uff12\uff17.0.0.1", "127\u30020\u30020\u30021"
      })
  @Threat({"TOB-2", "CVE-2025-59346", "CVE-2026-54637", "S-ORG-1", "S-SCH-10"})
  void everySpellingOfASpecialAddress_isRefused(String host) {
    var gate = gate(EgressPolicy.publicInternet());

    assertThatThrownBy(() -> gate.check(Target.parse("http://" + host + "/x"), "test"))
        .isInstanceOfAny(Refused.class, InvalidValue.class);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "http://allowed@127.0.0.1/", "http://127.0.0.1%23@allowed/", "http://127.0.0.1%2e/", "http://a\\b/", "http://a\tb/", "http://a b/",
        "http:///127.0.0.1", "http:127.0.0.1", "http://a:0/", "http://a:65536/", "http://a:+80/", "http://a:080/", "http://a:-1/",
        "http://[fe80::1%25eth0]/", "http://[fe80::1%eth0]/", "gopher://a/", "file:///etc/passwd", "jar:http://a!/", "ftp://a/", "data:x", "unix:/x"
      })
  @Threat({"TOB-2", "S-ORG-1"})
  void spellingThatTwoParsersCouldReadDifferently_isRefused(String url) {
    assertThatThrownBy(() -> Target.parse(url)).isInstanceOf(InvalidValue.class);
  }

  @Test
  void privateNetwork_passesOnlyWhenItsBlockIsNamed() {
    var policy = EgressPolicy.publicInternet().withNetworks("named", List.of(Cidr.parse("10.1.0.0/16")));

    assertThat(gate(policy).check(Target.parse("http://10.1.2.3/"), "test")).hasSize(1);
    assertThat(refusal(policy, "http://10.2.0.1/")).isEqualTo(Reason.EGRESS_DENIED);
  }

  @Test
  void metadataService_passesOnlyWhenThisVeryAddressIsNamed() {
    var block = EgressPolicy.publicInternet().withNetworks("block", List.of(Cidr.parse("169.254.0.0/16")));
    var address = EgressPolicy.publicInternet().withNetworks("address", List.of(Cidr.parse("169.254.169.254/32")));

    assertThat(refusal(block, "http://169.254.169.254/")).isEqualTo(Reason.EGRESS_DENIED);
    assertThat(gate(address).check(Target.parse("http://169.254.169.254/"), "test")).hasSize(1);
  }

  @Test
  @Threat("TOB-2")
  void oneBadAnswerAmongGoodOnes_refusesAll() {
    answers.add(ips("93.1.1.1", "127.0.0.1"));

    assertThat(refusal(EgressPolicy.publicInternet(), "http://mixed.example/")).isEqualTo(Reason.EGRESS_DENIED);
    assertThat(audit.of(AuditAction.EGRESS_DENY)).hasSize(1);
    assertThat(audit.of(AuditAction.EGRESS_DENY).getFirst().object()).isEqualTo("target:http://mixed.example:80");
  }

  @Test
  @Threat({"TOB-2", "F-02"})
  void rebinding_cannotChangeWhatWasChecked() {
    answers.add(ips("93.1.1.1"));
    answers.add(ips("127.0.0.1"));

    var checked = gate(EgressPolicy.publicInternet()).check(Target.parse("http://rebind.example/"), "test").getFirst();

    assertThat(checked.address().getAddress()).isEqualTo(IpLiteral.parse("93.1.1.1"));
    assertThat(checked.address().isUnresolved()).isFalse();
  }

  @Test
  @Threat("B-34")
  void answersBeyondTheBound_areRefused() {
    answers.add(Collections.nCopies(17, IpLiteral.parse("93.1.1.1")));
    answers.add(Collections.nCopies(16, IpLiteral.parse("93.1.1.1")));

    assertThat(refusal(EgressPolicy.publicInternet(), "http://many.example/")).isEqualTo(Reason.EGRESS_DENIED);
    assertThat(gate(EgressPolicy.publicInternet()).check(Target.parse("http://many.example/"), "test")).hasSize(16);
  }

  @Test
  @Threat({"S-ORG-2", "B-33"})
  void redirect_neverLeavesHttps_andKeepsCredentialsAtHome() {
    var gate = gate(EgressPolicy.publicInternet());
    var https = Target.parse("https://a.example/");

    assertThatThrownBy(() -> gate.redirect(https, Target.parse("http://a.example/"), "test")).isInstanceOf(Refused.class);
    assertThat(gate.redirect(https, Target.parse("https://a.example/other"), "test").credentials()).isTrue();
    assertThat(gate.redirect(https, Target.parse("https://a.example:444/"), "test").credentials()).isFalse();
    assertThat(gate.redirect(https, Target.parse("https://b.example/"), "test").credentials()).isFalse();
  }

  private Reason refusal(EgressPolicy policy, String url) {
    return catchThrowableOfType(RequestFailure.class, () -> gate(policy).check(Target.parse(url), "test")).reason();
  }
}
