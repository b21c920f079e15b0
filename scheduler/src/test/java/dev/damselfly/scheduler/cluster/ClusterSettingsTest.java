package dev.damselfly.scheduler.cluster;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.ByteString;
import dev.damselfly.api.error.InvalidValue;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@NullMarked
class ClusterSettingsTest {
  private static ClusterSettings parse(String document) {
    return ClusterSettings.parse(ByteString.copyFromUtf8(document));
  }

  @Test
  void settings_comeFromTheDocument() {
    var settings = parse("{\"candidate_parent_limit\": 5, \"filter_parent_limit\": 40, \"job_rate_limit\": 10}");

    assertThat(settings).isEqualTo(new ClusterSettings(5, 40));
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "{}", "{\"candidate_parent_limit\": \"many\"}", "[]", "null", "7"})
  void whatIsNotThere_keepsItsDefault(String document) {
    assertThat(parse(document)).isEqualTo(ClusterSettings.DEFAULT);
  }

  @ParameterizedTest
  @ValueSource(strings = {"{", "{\"a\":", "\u0000", "candidate_parent_limit: 3", "{\"a\": 1, \"a\": 2}", "{} {}"})
  void whatIsNoJson_isRefused(String document) {
    assertThatThrownBy(() -> parse(document)).isInstanceOf(InvalidValue.class);
  }

  @Test
  void largeAndDeepDocuments_areRefused() {
    assertThatThrownBy(() -> parse(" ".repeat((64 << 10) + 1))).isInstanceOf(InvalidValue.class);
    assertThatThrownBy(() -> parse("[".repeat(60_000))).isInstanceOf(InvalidValue.class);
  }

  @Property(tries = 200)
  void limits_areClampedWhateverTheManagerSays(@ForAll int candidates, @ForAll int sampled) {
    var settings =
        parse("{\"candidate_parent_limit\": %d, \"filter_parent_limit\": %d}".formatted(candidates, sampled));

    assertThat(settings.candidateParents()).isBetween(1, 20);
    assertThat(settings.sampledParents()).isBetween(10, 1000);
  }
}
