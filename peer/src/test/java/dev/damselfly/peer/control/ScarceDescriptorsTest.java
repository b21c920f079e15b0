package dev.damselfly.peer.control;

import static org.assertj.core.api.Assertions.assertThat;

import dev.damselfly.api.assurance.Threat;
import dev.damselfly.api.wire.local.LocalProtocol;
import dev.damselfly.api.wire.local.v1.LocalRequest;
import dev.damselfly.api.wire.local.v1.StatusRequest;
import java.io.BufferedReader;
import java.io.IOException;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@NullMarked
@Timeout(60)
class ScarceDescriptorsTest {
  private static final int DESCRIPTORS = 256;

  @TempDir Path directory;

  @Test
  @Threat("S-VTX-10")
  void localSocket_survivesATimeWithoutDescriptors() throws Exception {
    Path home = directory.resolve("state");
    Process process = start(home);
    try (var said = process.inputReader()) {
      assertThat(said.readLine()).isEqualTo("listening");
      answer(home); // whatever is loaded once is loaded now

      tell(process, said, 't');
      try (var waiting = ask(home)) {
        tell(process, said, 'w');
        tell(process, said, 'r');

        assertThat(waiting.read(ByteBuffer.allocate(64))).isPositive();
      }
      answer(home);
    } finally {
      process.destroyForcibly().waitFor();
    }
  }

  private static Process start(Path home) throws IOException {
    String java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
    String classes = System.getProperty("surefire.test.class.path", System.getProperty("java.class.path"));
    return new ProcessBuilder(
            "sh", "-c", "ulimit -n " + DESCRIPTORS + "; exec \"$@\"", "sh", java, "--enable-native-access=ALL-UNNAMED", "-cp", classes,
            ScarceDescriptors.class.getName(), home.toString())
        .redirectError(ProcessBuilder.Redirect.INHERIT)
        .start();
  }

  private static void tell(Process process, BufferedReader said, char command) throws IOException {
    process.getOutputStream().write(command);
    process.getOutputStream().flush();
    assertThat(said.readLine()).isEqualTo("done");
  }

  /// Ends when the server has given its descriptor back: else that one would be there in the time without.
  private static void answer(Path home) throws IOException {
    try (var connection = ask(home)) {
      assertThat(connection.read(ByteBuffer.allocate(64))).isPositive();
      connection.shutdownOutput();
      while (connection.read(ByteBuffer.allocate(64)) >= 0) {
        // the rest of the answer
      }
    }
  }

  private static SocketChannel ask(Path home) throws IOException {
    var connection = SocketChannel.open(UnixDomainSocketAddress.of(home.resolve("socket")));
    ByteBuffer request =
        LocalProtocol.encode(LocalRequest.newBuilder().setVersion(1).setStatus(StatusRequest.getDefaultInstance()).build());
    while (request.hasRemaining()) {
      connection.write(request);
    }
    return connection;
  }
}
