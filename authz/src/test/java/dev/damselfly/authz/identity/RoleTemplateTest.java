package dev.damselfly.authz.identity;

import static org.assertj.core.api.Assertions.assertThat;

import dev.damselfly.api.assurance.Threat;
import java.util.Optional;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

@NullMarked
@Threat("S-UPG-8")
class RoleTemplateTest {
  private final RoleTemplate template = new RoleTemplate(new TrustDomain("td"));

  @ParameterizedTest
  @CsvSource({
    "/damselfly/manager/m, MANAGER, , m",
    "/damselfly/operator/o, OPERATOR, , o",
    "/damselfly/scheduler/c/s, SCHEDULER, c, s",
    "/damselfly/peer/c/h, PEER, c, h",
    "/damselfly/seed-peer/c/h, SEED_PEER, c, h"
  })
  void meaning_isReadFromExactSegments(String path, Role role, String cluster, String name) {
    assertThat(template.meaningOf(SpiffeId.parse("spiffe://td" + path)))
        .contains(new RoleTemplate.Meaning(role, Optional.ofNullable(cluster), name));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "spiffe://td",
        "spiffe://td/damselfly",
        "spiffe://td/damselfly/manager",
        "spiffe://td/damselfly/manager/c/m",
        "spiffe://td/damselfly/peer/h",
        "spiffe://td/damselfly/peer/c/h/x",
        "spiffe://td/damselfly/Peer/c/h",
        "spiffe://td/damselfly/peers/c/h",
        "spiffe://td/x/peer/c/h",
        "spiffe://other/damselfly/peer/c/h"
      })
  void anythingElse_hasNoMeaning(String id) {
    assertThat(template.meaningOf(SpiffeId.parse(id))).isEmpty();
  }

  @Test
  void expectation_narrowsByRoleClusterAndId() {
    var id = SpiffeId.parse("spiffe://td/damselfly/scheduler/c/s");
    var meaning = template.meaningOf(id).orElseThrow();

    assertThat(Expected.anyRole().accepts(id, meaning)).isTrue();
    assertThat(Expected.role(Role.SCHEDULER).inCluster("c").exactly(id).accepts(id, meaning)).isTrue();
    assertThat(Expected.role(Role.MANAGER).accepts(id, meaning)).isFalse();
    assertThat(Expected.role(Role.SCHEDULER).inCluster("d").accepts(id, meaning)).isFalse();
    var other = SpiffeId.parse("spiffe://td/damselfly/scheduler/c/t");
    assertThat(Expected.role(Role.SCHEDULER).exactly(other).accepts(id, meaning)).isFalse();
  }
}
