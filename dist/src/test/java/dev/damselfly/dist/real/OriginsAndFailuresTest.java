package dev.damselfly.dist.real;

import static org.assertj.core.api.Assertions.assertThat;

import dev.damselfly.api.assurance.Threat;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// Origins that say no, sizes at the edges, outputs that may not be: message, exit code, and nothing at the final name.
@NullMarked
@Tag("real")
@Timeout(120)
class OriginsAndFailuresTest {
  private static final String LOCATIONS =
      """
      location /status/401 { return 401; } location /status/403 { return 403; } location /status/404 { return 404; }
      location /status/429 { return 429; } location /status/500 { return 500; }
      location /redirect-private { return 302 http://10.255.255.1/x; }
      location /redirect { return 302 /piece.bin; }
      location /slow/ { alias %s/files/; limit_rate 2m; }
      """;

  private static Path home = Path.of("/nowhere");
  private static Nginx origin;
  private static Cluster cluster;

  @BeforeAll
  static void start() throws Exception {
    home = Files.createTempDirectory("df");
    origin = Nginx.start(home.resolve("n"), LOCATIONS.formatted(home.resolve("n")));
    cluster = Cluster.start(home, List.of("p1", "p2"), false);
    file("piece.bin", 4 << 20);
    file("big.bin", 40 << 20);
  }

  @AfterAll
  static void stop() throws IOException {
    cluster.close();
    origin.close();
    Homes.delete(home);
  }

  private static Path file(String name, int size) throws IOException {
    byte[] content = new byte[size];
    new Random(size).nextBytes(content);
    return Files.write(origin.file(name), content);
  }

  private static Path output() throws IOException {
    return Files.createTempDirectory(home, "o").resolve("out");
  }

  private static Command.Result get(String peer, String path, Path output, String... flags) throws IOException, InterruptedException {
    return Command.await(cluster.get(peer, origin.url(path), output, flags));
  }

  @ParameterizedTest
  @CsvSource({"0", "1", "4194303", "4194304", "4194305"})
  void sizesAroundAPiece_comeDownWhole(int size) throws Exception {
    Path source = file("size-" + size, size);
    Path output = output();

    Command.Result result = get("p1", "/size-" + size, output);

    assertThat(result.code()).as(result.all()).isZero();
    assertThat(Files.mismatch(source, output)).isEqualTo(-1);
  }

  @ParameterizedTest
  @ValueSource(ints = {401, 403, 404, 429, 500})
  void originThatSaysNo_endsWithItsStatus_andNothingStandsAtTheName(int status) throws Exception {
    Path output = output();

    Command.Result result = get("p1", "/status/" + status, output);

    assertThat(result.code()).as(result.all()).isEqualTo(5);
    assertThat(result.out()).contains("\"hop\":\"origin\"").contains("\"origin_status\":" + status);
    assertNothingAt(output);
  }

  @Test
  @Threat({"TOB-2", "S-ORG-1"})
  void redirectIntoAPrivateNetwork_isRefusedByTheEgressGate() throws Exception {
    Path output = output();

    Command.Result result = get("p1", "/redirect-private", output);

    assertThat(result.code()).as(result.all()).isEqualTo(3);
    assertThat(result.out()).contains("EGRESS_DENIED");
    assertNothingAt(output);
  }

  @Test
  void redirectInsideTheRules_isFollowed() throws Exception {
    Path output = output();

    Command.Result result = get("p1", "/redirect", output);

    assertThat(result.code()).as(result.all()).isZero();
    assertThat(Files.mismatch(origin.file("piece.bin"), output)).isEqualTo(-1);
  }

  @Test
  @Threat("S-DLG-5")
  void wrongDigest_leavesNothing_andTheRightOneIsConfirmed() throws Exception {
    Path output = output();
    Command.Result wrong = get("p1", "/piece.bin", output, "--digest", "sha256:" + "0".repeat(64));
    assertThat(wrong.code()).as(wrong.all()).isEqualTo(4);
    assertNothingAt(output);

    String digest = SwarmProcessesTest.sha256(origin.file("piece.bin"));
    Command.Result right = get("p1", "/piece.bin", output, "--digest", "sha256:" + digest);

    assertThat(right.code()).as(right.all()).isZero();
    assertThat(right.out()).contains("sha256:" + digest);
  }

  @Test
  void missingOutputDirectory_isSaidBeforeAnythingIsFetched() throws Exception {
    Path output = home.resolve("no-such-directory").resolve("out");

    Command.Result result = get("p1", "/never-fetched.bin", output);

    assertThat(result.code()).as(result.all()).isEqualTo(7);
    assertThat(origin.log()).noneMatch(line -> line.contains("never-fetched"));
  }

  @Test
  void twoGetsOfOneFileAtOnce_readTheOriginOnce() throws Exception {
    file("twice.bin", 32 << 20);
    Path first = output();
    Path second = output();
    var a = cluster.get("p1", origin.url("/twice.bin"), first);
    var b = cluster.get("p1", origin.url("/twice.bin"), second);

    assertThat(Command.await(a).code()).isZero();
    assertThat(Command.await(b).code()).isZero();

    assertThat(Files.mismatch(first, second)).isEqualTo(-1);
    assertThat(origin.bytesSent("/twice.bin")).isLessThanOrEqualTo((32 << 20) + 1024);
  }

  @Test
  void secondGet_answersFromTheCache_withoutTheOrigin() throws Exception {
    file("again.bin", 9 << 20);
    assertThat(get("p1", "/again.bin", output()).code()).isZero();
    int before = origin.log().size();

    Command.Result again = get("p1", "/again.bin", output());

    assertThat(SwarmProcessesTest.number(again.out(), "from_cache")).isEqualTo(9 << 20);
    assertThat(SwarmProcessesTest.number(again.out(), "from_origin")).isZero();
    assertThat(origin.log()).hasSize(before);
  }

  @Test
  void daemonKilledInTheMiddle_leavesNothing_andARepeatResumes() throws Exception {
    Path output = output();
    var running = cluster.get("p2", origin.url("/slow/big.bin"), output);
    running.awaitMatch("\"from_origin\":[1-9]"); // at least one piece is verified
    cluster.kill("p2");

    Command.Result broken = Command.await(running);
    assertThat(broken.code()).as(broken.all()).isEqualTo(6);
    assertNothingAt(output);

    cluster.peer("p2");
    Command.Result repeat = get("p2", "/slow/big.bin", output);
    assertThat(repeat.code()).as(repeat.all()).isZero();
    assertThat(SwarmProcessesTest.number(repeat.out(), "from_cache")).as(repeat.all()).isPositive();
    assertThat(Files.mismatch(origin.file("big.bin"), output)).isEqualTo(-1);
  }

  @Test
  void auditLogs_areIntact_andRecordTheEgressRefusal() throws Exception {
    get("p1", "/redirect-private", output());

    Command.Result result = cluster.command().run("audit", "verify", cluster.audit("p1").toString(), home.resolve("p1-keys").toString());

    assertThat(result.code()).as(result.all()).isZero();
    assertThat(result.out()).contains("chain intact");
  }

  private static void assertNothingAt(Path output) throws IOException {
    try (var left = Files.list(output.getParent())) {
      assertThat(left).isEmpty();
    }
  }
}
