package dev.damselfly.peer.boot;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.damselfly.api.assurance.Threat;
import dev.damselfly.authz.config.ConfigProblems;
import dev.damselfly.peer.tools.ToolsConfig;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// The section of the tools' socket, and the process that serves it.
@NullMarked
@Timeout(60)
class ToolsSectionTest {
  @Test
  @Threat("S-TLS-1")
  void socket_isOffUnlessItStandsThere() throws ConfigProblems {
    assertThat(PeerFile.read("").downloads().tools()).isEmpty();
    assertThat(PeerFile.read("download-socket: {socket: /t/t.sock}").downloads().tools())
        .contains(new ToolsConfig(Path.of("/t/t.sock"), Set.of(), Optional.empty(), List.of()));
    assertThat(PeerFile.read("download-socket: {socket: /t/t.sock, users: [u], group: g, output-directories: [/o]}").downloads().tools())
        .contains(new ToolsConfig(Path.of("/t/t.sock"), Set.of("u"), Optional.of("g"), List.of(Path.of("/o"))));
  }

  @ParameterizedTest
  @Threat({"S-TLS-1", "S-TLS-2"})
  @ValueSource(
      strings = {
        "{users: [u]}",
        "{socket: /l/other.sock}",
        "{socket: /t/t.sock, output-directories: [relative]}",
        "{socket: /t/t.sock, output-directories: [/o/../etc]}",
        "{socket: /t/t.sock, outputs: [/o]}"
      })
  void badSection_stopsTheStart(String section) {
    assertThatThrownBy(() -> PeerFile.read("download-socket: " + section))
        .isInstanceOfSatisfying(ConfigProblems.class, problems -> assertThat(problems).hasMessageContaining("download-socket"));
  }

  @Test
  @Threat("S-TLS-1")
  void process_servesTheSocket_andTakesItAway(@TempDir Path directory) throws Exception {
    Path socket = directory.resolve("t").resolve("d.sock");
    try (var peer = RunningPeer.withTools(directory, new ToolsConfig(socket, Set.of(), Optional.empty(), List.of()))) {
      assertThat(Files.exists(socket)).isTrue();
      assertThat(peer.process.tools().orElseThrow().server().methods())
          .extracting(method -> String.valueOf(method.getBareMethodName()))
          .contains("DownloadTask", "DeleteHost", "Check");
    }
    assertThat(Files.exists(socket)).isFalse();
  }
}
