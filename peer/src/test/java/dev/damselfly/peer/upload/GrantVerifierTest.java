package dev.damselfly.peer.upload;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import dev.damselfly.api.assurance.Threat;
import dev.damselfly.api.id.TaskId;
import dev.damselfly.authz.audit.AuditEvent;
import dev.damselfly.authz.identity.Caller;
import dev.damselfly.authz.identity.Role;
import dev.damselfly.authz.identity.RoleTemplate;
import dev.damselfly.authz.identity.SpiffeId;
import dev.damselfly.authz.testing.FixedIdentity;
import dev.damselfly.authz.testing.TestCa;
import dev.damselfly.peer.testing.GrantMint;
import dev.damselfly.peer.upload.GrantVerdict.Denied;
import dev.damselfly.peer.upload.GrantVerdict.Granted;
import dev.damselfly.peer.upload.GrantVerdict.Why;
import java.net.InetSocketAddress;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@NullMarked
class GrantVerifierTest {
  private static final Instant NOW = Instant.parse("2026-11-25T12:00:00Z");
  private static final TaskId TASK = new TaskId("a".repeat(64));
  private static final TestCa CA = TestCa.root("td.test");
  private static final SpiffeId CHILD = SpiffeId.parse("spiffe://td.test/damselfly/peer/c1/child");
  private static final Caller CALLER =
      new Caller(CHILD, Role.PEER, Optional.of("c1"), "child", Instant.MAX, new InetSocketAddress("127.0.0.1", 4000));

  private final FixedIdentity self = new FixedIdentity(CA.snapshot("/damselfly/peer/c1/parent"));
  private final GrantMint mint = new GrantMint(SpiffeId.parse("spiffe://td.test/damselfly/scheduler/c1/s"), () -> NOW);
  private final List<AuditEvent> audit = new ArrayList<>();
  private final GrantVerifier verifier =
      new GrantVerifier(self, new RoleTemplate(CA.trustDomain()), mint, () -> NOW, audit::add);
  private final ByteString good = mint.grant(TASK, CHILD, self.current().id());

  @Test
  void goodGrant_isWorthItsTask() {
    var verdict = verifier.verify(good, CALLER);

    assertThat(verdict).isInstanceOfSatisfying(Granted.class, granted -> assertThat(granted.task()).isEqualTo(TASK));
    assertThat(audit).isEmpty();
  }

  /// Unknown fields, a field twice, an empty one spelled out: the same grant would stand under many ids in the records.
  @ParameterizedTest
  @ValueSource(strings = {"5001", "12026b31", "6200", "62036162ff"})
  @Threat("S-VTX-6")
  void grant_withMoreBehindItIsMalformed(String more) {
    var verdict = verifier.verify(good.concat(ByteString.copyFrom(HexFormat.of().parseHex(more))), CALLER);

    assertThat(verdict).isEqualTo(new Denied(Why.MALFORMED));
    assertThat(audit).hasSize(1);
  }

  @Test
  @Threat({"S-VTX-6", "F-33"})
  void grant_withAnyByteChangedIsRefused() {
    for (int i = 0; i < good.size(); i++) {
      byte[] changed = good.toByteArray();
      changed[i] ^= 4;

      assertThat(verifier.verify(ByteString.copyFrom(changed), CALLER)).as("byte %d", i).isInstanceOf(Denied.class);
    }
  }
}
