package dev.damselfly.conformance.target;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TargetFileTest {
  private static final String GOOD =
      """
      dfconf: 1
      name: thing 1.2
      transport: {mode: plain}
      capabilities: [proxy]
      roles:
        manager: {endpoint: "127.0.0.1:65003"}
      """;

  @TempDir Path directory;

  private DescribedTarget read(String text) throws IOException {
    return DescribedTarget.read(Files.writeString(directory.resolve("t.yaml"), text));
  }

  @Test
  void read_knowsNameRolesAndCapabilities() throws Exception {
    var target = read(GOOD);

    assertThat(target.name()).isEqualTo("thing 1.2");
    assertThat(target.has("manager")).isTrue();
    assertThat(target.has("proxy")).isTrue();
    assertThat(target.has("plain")).isTrue();
    assertThat(target.has("scheduler")).isFalse();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "name: thing 1.2|nam: thing 1.2|nam",
        "mode: plain|mode: none|Mode",
        "mode: plain|mode: mtls|trust-domain",
        "dfconf: 1|dfconf: 2|dfconf must be 1",
        "name: thing 1.2|name: a%name: b|Duplicate",
        "{endpoint: \"127.0.0.1:65003\"}|{}|command or an endpoint",
        "{endpoint: \"127.0.0.1:65003\"}|{command: [x]}|ready",
        "{endpoint: \"127.0.0.1:65003\"}|{command: [x], ready: \"(\"}|not a pattern"
      })
  void read_refusesAndNames(String part, String instead, String named) {
    String bad = GOOD.replace(part, instead.replace('%', '\n'));

    assertThatThrownBy(() -> read(bad)).isInstanceOf(IOException.class).hasMessageContaining(named);
  }
}
