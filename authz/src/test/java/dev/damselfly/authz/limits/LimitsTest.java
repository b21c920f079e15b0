package dev.damselfly.authz.limits;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.damselfly.api.assurance.Threat;
import java.time.Duration;
import java.util.Map;
import java.util.TreeMap;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

@NullMarked
class LimitsTest {
  @ParameterizedTest
  @EnumSource(Part.class)
  void defaults_lieInTheirRange(Part part) {
    var limits = Limits.of(part);

    assertThat(limits.rows()).isNotEmpty().noneMatch(Limits.Row::configured);
    assertThat(limits.count(Bound.GRPC_MESSAGE)).isEqualTo(4 * 1024 * 1024);
    assertThat(limits.time(Bound.CONNECTION_AGE)).isEqualTo(Duration.ofHours(12));
  }

  @Test
  void rows_coverEveryBoundAndKeysAreUnique() {
    assertThat(Bound.values()).extracting(Bound::key).doesNotHaveDuplicates();
    assertThat(Bound.values()).allSatisfy(bound -> assertThat(bound.id()).matches("B-\\d\\d"));
    assertThat(Limits.of(Part.PEER).rows())
        .contains(new Limits.Row("B-13", "grpc-message", "gRPC message", "4 MiB", "65600 KiB", "RESOURCE_EXHAUSTED", false));
  }

  @ParameterizedTest
  @Threat("F-39")
  @EnumSource(Bound.class)
  void configured_refusesOneBelowAndOneAboveTheRange(Bound bound) {
    Part part = bound.parts().iterator().next();

    assertThatThrownBy(() -> Limits.configured(part, Map.of(bound.key(), bound.least() - 1))).hasMessageContaining(bound.key());
    assertThatThrownBy(() -> Limits.configured(part, Map.of(bound.key(), bound.most() + 1))).hasMessageContaining(bound.key());
  }

  @Test
  void configured_reportsEveryProblemAtOnce() {
    assertThatThrownBy(
            () -> Limits.configured(Part.MANAGER, Map.of("urls", 0L, "no-such", 1L, "pieces-per-message", 1L, "calls", 5L)))
        .hasMessageContaining("limits.urls (B-20) must be in [1, 1000]")
        .hasMessageContaining("limits.no-such is not a limit of this process")
        .hasMessageContaining("limits.pieces-per-message is not a limit of this process")
        .hasMessageContaining("limits.streams-per-identity must not be above limits.calls");
  }

  @Property(tries = 300)
  @Threat("F-39")
  @SuppressWarnings("EnumOrdinal")
  void configured_neverGoesBeyondAHardMaximum(@ForAll int pick, @ForAll long value) {
    Bound bound = Bound.values()[Math.floorMod(pick, Bound.values().length)];
    Part part = bound.parts().iterator().next();

    Limits limits;
    try {
      limits = Limits.configured(part, new TreeMap<>(Map.of(bound.key(), value)));
    } catch (IllegalArgumentException refused) {
      return;
    }

    assertThat(limits.value(bound)).isEqualTo(value).isBetween(bound.least(), bound.most());
  }

  @Test
  void value_ofAnotherProcessIsABug() {
    assertThatThrownBy(() -> Limits.of(Part.MANAGER).value(Bound.PIECE_REQUEST)).isInstanceOf(IllegalStateException.class);
  }
}
