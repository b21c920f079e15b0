package dev.damselfly.dist.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.damselfly.api.assurance.Threat;
import java.util.List;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@NullMarked
class FlagsTest {
  @Test
  void parse_takesEverySpelling() throws Exception {
    Flags flags =
        Flags.parse(GetFlags.ALL, List.of("-Oout", "--digest=sha256:x", "-H", "A: 1", "--header", "B: 2", "--overwrite", "url", "--", "-x"));

    assertThat(flags.text("output")).contains("out");
    assertThat(flags.text("digest")).contains("sha256:x");
    assertThat(flags.all("header")).containsExactly("A: 1", "B: 2");
    assertThat(flags.on("overwrite")).isTrue();
    assertThat(flags.words()).containsExactly("url", "-x");
  }

  @Test
  void unknownFlag_getsASuggestion() {
    assertThat(refusal("--outptu=x")).contains("--outptu").contains("did you mean --output?");
  }

  @ParameterizedTest
  @ValueSource(strings = {"--force-hard-link", "--storage-insecure-skip-verify", "--insecure", "--storage-credential-path=/etc/x"})
  @Threat({"S-DLG-4", "TOB-3", "S-ORG-7"})
  void flagThatSwitchesProtectionOff_isRefusedWithTheReason(String flag) {
    assertThat(refusal(flag)).contains("is refused: ").hasSizeGreaterThan(40);
  }

  @ParameterizedTest
  @ValueSource(strings = {"--output", "--tag=a --tag=b", "--overwrite=maybe", "-Z"})
  void wrongUse_isRefused(String words) {
    assertThat(refusal(words.split(" "))).isNotEmpty();
  }

  private static String refusal(String... words) {
    var failed = catchThrowableOfType(CommandFailed.class, () -> Flags.parse(GetFlags.ALL, List.of(words)));
    assertThat(failed.code()).isEqualTo(ExitCode.USAGE);
    return failed.text();
  }
}
