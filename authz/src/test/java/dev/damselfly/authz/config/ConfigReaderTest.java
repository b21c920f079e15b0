package dev.damselfly.authz.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.damselfly.api.assurance.Threat;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@NullMarked
class ConfigReaderTest {
  private static final AtomicInteger MADE = new AtomicInteger();

  /// What a file would like to have made.
  public static final class Trap {
    public Trap() {
      MADE.incrementAndGet();
    }

    public Trap(String text) {
      MADE.addAndGet(1 + text.length());
    }
  }

  private static ConfigReader parse(String text) throws ConfigProblems {
    return ConfigReader.parse(text.getBytes(StandardCharsets.UTF_8));
  }

  @ParameterizedTest
  @ValueSource(strings = {"a: !!%s []", "a: !!%s [x]", "!!%s {}", "a: !!%s {}", "a: !!%s x"})
  @Threat("F-50")
  void tag_makesNoObject(String text) {
    String name = Trap.class.getName();
    try {
      parse(text.formatted(name)).optional("a");
    } catch (ConfigProblems refused) {
      assertThat(refused.problems()).isNotEmpty();
    }

    assertThat(MADE).hasValue(0);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "a: 1\na: 2", "a: {b: 1, b: 2}", "- 1", "1", "a: [", "a: 1\n---\nb: 2", "a: 1\n...\nx"
      })
  @Threat("F-50")
  void file_thatIsNotOnePlainMappingIsRefused(String text) {
    assertThatThrownBy(() -> parse(text)).isInstanceOf(ConfigProblems.class);
  }

  /// The name of what it points to, not a copy of it: nothing grows.
  @Test
  @Threat({"F-50", "F-12"})
  void alias_isNotExpanded() throws Exception {
    assertThat(parse("a: &x [1, 2]\nb: *x").optional("b")).contains("x");
  }

  @Test
  @Threat({"F-50", "F-12"})
  void file_isBoundedInSizeAndDepth() {
    assertThatThrownBy(() -> parse("a: " + "x".repeat(ConfigReader.MAX_BYTES))).isInstanceOf(ConfigProblems.class);
    assertThatThrownBy(() -> parse("a: " + "[".repeat(1000) + "]".repeat(1000))).isInstanceOf(ConfigProblems.class);
  }

  @Test
  @Threat("F-39")
  void problems_areReportedTogetherAndNameTheKeyNotTheValue() throws Exception {
    var reader = parse("number: 12345678901234567890\nunread: hidden-value\nsection: 7");
    reader.integer("number", 1, 1, 10);
    reader.section("section");

    var refused = catchThrowableOfType(ConfigProblems.class, reader::finish);

    assertThat(refused.problems()).hasSize(3);
    assertThat(String.join(" ", refused.problems()))
        .contains("number", "unread", "section")
        .doesNotContain("hidden-value", "12345678901234567890");
  }
}
