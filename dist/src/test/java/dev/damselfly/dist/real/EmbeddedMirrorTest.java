package dev.damselfly.dist.real;

import static org.assertj.core.api.Assertions.assertThat;

import dev.damselfly.api.assurance.Threat;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// The mirror of the stack that one machine runs by itself, before a real registry.
@NullMarked
@Tag("real")
@Timeout(180)
class EmbeddedMirrorTest {
  private static final byte[] BLOB = new byte[5 * GoodContent.PIECE + 4711];
  private static Path home = Path.of("/nowhere");
  private static Registry registry;
  private static Command command;

  static {
    new Random(20261127).nextBytes(BLOB);
  }

  @BeforeAll
  static void start() throws Exception {
    home = Files.createTempDirectory("dm");
    registry = Registry.start(home.resolve("registry"));
    registry.blob("team/app", BLOB);
    command = new Command(home, Map.of("DAMSELFLY_HOME", home.resolve("h").toString()));
  }

  @AfterAll
  static void stop() throws IOException {
    registry.close();
    Homes.delete(home);
  }

  private static HttpResponse<byte[]> ask(String url, boolean known) throws IOException, InterruptedException {
    var request = HttpRequest.newBuilder(URI.create(url));
    if (known) {
      request.header("Authorization", Registry.authorization());
    }
    try (var client = HttpClient.newHttpClient()) {
      return client.send(request.build(), HttpResponse.BodyHandlers.ofByteArray());
    }
  }

  @Test
  @Threat("S-PXY-11")
  void registryThatIsNamedAtTheStart_isMirrored_forThoseWhomItLets() throws Exception {
    Command.Running stack =
        command.start("up", "--allow-origin", "127.0.0.0/8", "--mirror-port", "0", "--mirror", "reg.test=" + registry.url());
    try {
      String mirror = stack.awaitMatch("mirror of reg[.]test at (http://127[.]0[.]0[.]1:[0-9]+)\n").group(1);
      stack.awaitText("ready after");
      String path = "/v2/team/app/blobs/" + Registry.digest(BLOB);

      var first = ask(mirror + path, true);
      var again = ask(mirror + path, true);
      var stranger = ask(mirror + path, false);
      var explained = command.run("explain", "reg.test/blob:team/app@" + Registry.digest(BLOB));

      assertThat(first.statusCode()).isEqualTo(200);
      assertThat(first.body()).isEqualTo(BLOB);
      assertThat(again.body()).isEqualTo(BLOB);
      assertThat(stranger.statusCode()).isEqualTo(401);
      assertThat(registry.bytesSent(path)).as("each byte once, and short answers").isBetween((long) BLOB.length, BLOB.length + 1024L);
      assertThat(explained.code()).as(explained.all()).isZero();
      assertThat(explained.out()).contains("origin");
    } finally {
      Command.stop(stack.process());
    }
  }

  @ParameterizedTest
  @CsvSource({
    "--mirror,Docker.io,--mirror: must be a host name in lower case",
    "--mirror,reg.test=ftp://reg.test,--mirror: ",
    "--mirror-port,65536,--mirror-port must be a port",
    "--mirror-port,65001,--mirror-port: is for a mirror"
  })
  void wordsThatMakeNoMirror_areRefused_byTheirFlag(String flag, String value, String text) throws Exception {
    Command.Result result = command.run("up", flag, value);

    assertThat(result.code()).as(result.all()).isEqualTo(2);
    assertThat(result.err()).contains(text);
    assertThat(result.out()).isEmpty();
  }

  @Test
  void registryThatIsNamedTwice_isRefused() throws Exception {
    var words = new ArrayList<>(List.of("up", "--mirror-port", "0"));
    words.addAll(List.of("--mirror", "reg.test", "--mirror", "reg.test=" + registry.url()));

    Command.Result result = command.run(words.toArray(String[]::new));

    assertThat(result.code()).as(result.all()).isEqualTo(2);
    assertThat(result.err()).contains("upstreams");
  }
}
