package dev.damselfly.authz.identity.workload;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.damselfly.api.assurance.Threat;
import dev.damselfly.api.error.InvalidValue;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Random;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@NullMarked
class WorkloadEndpointTest {
  @ParameterizedTest
  @ValueSource(strings = {"unix:///run/spire/api.sock", "unix:/run/spire/api.sock"})
  void parse_readsUnixSockets(String text) {
    assertThat(WorkloadEndpoint.parse(text).socket()).isEqualTo(Path.of("/run/spire/api.sock"));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "/run/api.sock",
        "unix:",
        "unix:api.sock",
        "unix://run/api.sock",
        "unix:////run/api.sock",
        "unix:///",
        "unix:///run/",
        "unix:///run//api.sock",
        "unix:///run/../api.sock",
        "unix:///run/api.sock?x",
        "unix:///run/api.sock#x",
        "unix:///run/%61pi.sock",
        "unix:///run/api sock",
        "UNIX:///run/api.sock",
        "tcp://127.0.0.1:8000",
        "http://127.0.0.1:8000"
      })
  @Threat("F-21")
  void parse_refusesEverythingElse(String text) {
    assertThatThrownBy(() -> WorkloadEndpoint.parse(text)).isInstanceOf(InvalidValue.class);
  }

  @Test
  void parse_boundsTheLength() {
    assertThatThrownBy(() -> WorkloadEndpoint.parse("unix:///" + "a".repeat(93))).isInstanceOf(InvalidValue.class);
  }

  @Test
  void retry_startsQuickAndStaysWithinItsBounds() {
    var random = new Random(7);

    assertThat(Retry.STANDARD.after(0, random)).isLessThanOrEqualTo(Duration.ofMillis(200));
    for (int failures = 1; failures < 100; failures++) {
      Duration wait = Retry.STANDARD.after(failures, random);
      assertThat(wait).isBetween(Duration.ofMillis(800), Duration.ofSeconds(30));
    }
    assertThat(Retry.STANDARD.after(50, random)).isGreaterThanOrEqualTo(Duration.ofSeconds(24));
  }
}
