package dev.damselfly.dist.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.damselfly.api.assurance.Threat;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@NullMarked
class HeadersTest {
  private static final String SECRET = "canary-5e1";

  @TempDir Path directory;

  @ParameterizedTest
  @ValueSource(strings = {"Authorization: Bearer ", "authorization:Basic ", "COOKIE: ", "Proxy-Authorization: ", " X-Auth-Token : ", "Private-Token: "})
  @Threat("S-DLG-6")
  void credential_onTheCommandLineIsRefusedAndNotRepeated(String header) {
    var failed = catchThrowableOfType(CommandFailed.class, () -> Headers.read(List.of("Accept: text/plain", header + SECRET)));

    assertThat(failed.code()).isEqualTo(ExitCode.USAGE);
    assertThat(failed.text()).contains("@FILE").doesNotContain(SECRET);
  }

  @Test
  @Threat("S-DLG-6")
  void credential_isTakenFromAFile() throws Exception {
    Path file = Files.writeString(directory.resolve("headers"), "Authorization: Bearer " + SECRET + "\n\nCookie: a=b\n");

    assertThat(Headers.read(List.of("Accept: text/plain", "@" + file)))
        .isEqualTo(Map.of("Accept", "text/plain", "Authorization", "Bearer " + SECRET, "Cookie", "a=b"));
  }

  @Test
  @Threat("S-DLG-6")
  void noFlag_takesACredentialAsItsValue() {
    for (String flag : List.of("hf-token", "ms-token", "csg-token", "storage-access-key-secret", "storage-session-token", "hdfs-delegation-token")) {
      var failed = catchThrowableOfType(CommandFailed.class, () -> Flags.parse(GetFlags.ALL, List.of("--" + flag + "=" + SECRET)));

      assertThat(failed.code()).isEqualTo(ExitCode.USAGE);
      assertThat(failed.text()).doesNotContain(SECRET);
    }
  }
}
