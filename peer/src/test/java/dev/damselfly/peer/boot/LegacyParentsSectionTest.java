package dev.damselfly.peer.boot;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.damselfly.api.assurance.Threat;
import dev.damselfly.authz.config.ConfigProblems;
import dev.damselfly.authz.egress.Cidr;
import dev.damselfly.peer.legacy.LegacyParentsConfig;
import java.util.List;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// The section that lets a peer ask hosts without an identity.
@NullMarked
class LegacyParentsSectionTest {
  @Test
  @Threat("S-LEG-6")
  void nobody_isAskedUnlessItStandsThere() throws ConfigProblems {
    assertThat(PeerFile.read("").downloads().legacyParents()).isEmpty();
    assertThat(PeerFile.read("legacy: {listen: '127.0.0.1:4100', piece-listen: '127.0.0.1:4105'}").downloads().legacyParents()).isEmpty();
    assertThat(PeerFile.read("legacy-parents: {networks: [10.0.0.0/8]}").downloads().legacyParents())
        .contains(new LegacyParentsConfig(List.of(Cidr.parse("10.0.0.0/8")), 4005));
    assertThat(PeerFile.read("legacy-parents: {networks: [10.0.0.0/8], piece-port: 14005}").downloads().legacyParents())
        .contains(new LegacyParentsConfig(List.of(Cidr.parse("10.0.0.0/8")), 14005));
  }

  @ParameterizedTest
  @Threat("S-LEG-6")
  @ValueSource(
      strings = {
        "{}",
        "{networks: []}",
        "{networks: [0.0.0.0/0]}",
        "{networks: [10.0.0.0/7]}",
        "{networks: ['2000::/16']}",
        "{networks: [10.0.0.0/8], piece-port: 80}",
        "{networks: [10.0.0.0/8], anybody: true}"
      })
  void badSection_stopsTheStart(String section) {
    assertThatThrownBy(() -> PeerFile.read("legacy-parents: " + section))
        .isInstanceOfSatisfying(ConfigProblems.class, problems -> assertThat(problems).hasMessageContaining("legacy-parents"));
  }
}
