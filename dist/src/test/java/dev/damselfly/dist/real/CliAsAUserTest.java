package dev.damselfly.dist.real;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// The command line as its users meet it: help, typing errors, plain lines without a terminal, JSON, Ctrl-C.
@NullMarked
@Tag("real")
@Timeout(180)
class CliAsAUserTest {
  private static final int SIZE = 5 * GoodContent.PIECE + 4711;
  /// A terminal of 80 columns around the command; the child's exit code is kept.
  private static final List<String> ON_A_TERMINAL =
      List.of("env", "TERM=xterm", "python3", "-c", "import os,pty,sys;sys.exit(os.waitstatus_to_exitcode(pty.spawn(sys.argv[1:])))");

  private static final List<String> WITH_SIGNALS = List.of("env", "--default-signal=INT,TERM");

  private static Path home = Path.of("/nowhere");
  private static ScriptedOrigin origin;
  private static Cluster cluster;

  @BeforeAll
  static void start() throws Exception {
    home = Files.createTempDirectory("df");
    origin = ScriptedOrigin.start("127.0.0.1");
    cluster =
        Cluster.start(
            home,
            Cluster.Plan.of(List.of("p1")).withSettings(Map.of("p1", Cluster.Plan.LOOPBACK + ", download: {serve-for: 0s}")));
  }

  @AfterAll
  static void stop() throws IOException {
    cluster.close();
    origin.close();
    Homes.delete(home);
  }

  private static Path output() throws IOException {
    return Files.createTempDirectory(home, "o").resolve("out");
  }

  private static List<String> words(String path, Path output, String... flags) {
    var words = new ArrayList<>(List.of("get", origin.url(path), "-O", output.toString(), "--endpoint", cluster.socket("p1").toString()));
    words.addAll(List.of(flags));
    return words;
  }

  @ParameterizedTest
  @ValueSource(strings = {
    "get", "status", "explain", "down", "limits", "audit", "doctor", "up", "manager", "scheduler", "peer", "dev-issuer"
  })
  void helpOfACommand_isOnStandardOutput(String command) throws Exception {
    Command.Result asked = cluster.command().run("help", command);
    Command.Result flag = cluster.command().run(command, "--help");

    assertThat(asked.code()).as(asked.all()).isZero();
    assertThat(asked.out()).contains("damselfly " + command);
    assertThat(flag.code()).as(flag.all()).isZero();
    assertThat(flag.out()).isEqualTo(asked.out());
    assertThat(asked.err() + flag.err()).isEmpty();
  }

  @Test
  void help_namesEveryCommand() throws Exception {
    Command.Result help = cluster.command().run("--help");
    Command.Result codes = cluster.command().run("help", "exit-codes");

    assertThat(help.code()).as(help.all()).isZero();
    assertThat(help.out()).contains("get", "status", "explain", "up", "down", "limits", "audit", "doctor", "peer");
    assertThat(codes.out()).contains("  7  ", "130  ");
    assertThat(help.err() + codes.err()).isEmpty();
  }

  @ParameterizedTest
  @CsvSource({
    "get,--ouput,--output",
    "status,--jsno,--json",
    "explain,--endpont,--endpoint",
    "limits,--jsn,--json",
    "down,--endpiont,--endpoint",
    "doctor,--hepl,--help",
    "audit,--hlep,--help",
    "up,--allow-orgin,--allow-origin",
    "peer,--confg,--config",
    "manager,--check-confg,--check-config",
    "scheduler,--cofnig,--config",
    "dev-issuer,--dri,--dir"
  })
  void unknownFlag_isExitTwo_withTheNearestName(String command, String flag, String nearest) throws Exception {
    Command.Result result = cluster.command().run(command, flag, "x");

    assertThat(result.code()).as(result.all()).isEqualTo(2);
    assertThat(result.err()).contains("unknown flag " + flag).contains("did you mean " + nearest + "?");
    assertThat(result.out()).isEmpty();
  }

  @Test
  void unknownCommand_isExitTwo_withTheNearestName() throws Exception {
    Command.Result result = cluster.command().run("gte", "http://127.0.0.1/x");

    assertThat(result.code()).as(result.all()).isEqualTo(2);
    assertThat(result.err()).contains("`gte`").contains("did you mean `get`?");
  }

  @Test
  void withoutATerminal_linesArePlain_andOnlyTheResultIsOnStandardOutput() throws Exception {
    var content = GoodContent.of(SIZE, 2);
    origin.on("/plain", content);
    Path output = output();

    Command.Result result = cluster.command().run(words("/plain", output).toArray(String[]::new));

    assertThat(result.code()).as(result.all()).isZero();
    assertThat(result.all()).doesNotContain("\r", "\u001b");
    assertThat(result.out().lines().findFirst().orElseThrow()).startsWith(output.toString());
    assertThat(result.out()).contains("from origin", "from peers", "from cache", "verified", "task");
    assertThat(result.err().lines()).allMatch(line -> line.contains("/s") && line.contains("peers"));
  }

  @Test
  void onATerminal_aBarShowsRatePeersAndTimeLeft() throws Exception {
    var content = GoodContent.of(SIZE, 4);
    origin.on("/bar", content);
    content.shutAfter(2);

    var running = cluster.command().startAs(ON_A_TERMINAL, words("/bar", output()).toArray(String[]::new));
    running.awaitMatch("\\r\\[=+ *] +\\d+ % .*/s  \\d+ peers?  [^\\r]* left\u001b\\[K");
    content.open();
    Command.Result result = Command.await(running);

    assertThat(result.code()).as(result.all()).isZero();
    assertThat(result.out()).contains("from origin", "verified");
  }

  @Test
  void json_isOneObjectPerLine() throws Exception {
    origin.on("/json", GoodContent.of(SIZE, 3));
    var json = new ObjectMapper();

    Command.Result good = cluster.command().run(words("/json", output(), "--json").toArray(String[]::new));
    Command.Result bad = cluster.command().run(words("/json-none", output(), "--json").toArray(String[]::new));

    var events = new ArrayList<String>();
    for (String line : good.out().lines().toList()) {
      events.add(json.readTree(line).path("event").asText());
    }
    assertThat(events).startsWith("started").endsWith("finished").containsOnly("started", "progress", "finished");
    assertThat(good.err()).isEmpty();
    assertThat(bad.code()).as(bad.all()).isEqualTo(5);
    assertThat(json.readTree(bad.out()).path("origin_status").asInt()).isEqualTo(404);
    assertThat(bad.err()).isEmpty();
  }

  @ParameterizedTest
  @CsvSource({"INT,130", "TERM,143"})
  void signalInTheMiddle_leavesNothing_andTheDaemonStopsReading(String signal, int code) throws Exception {
    var content = GoodContent.of(SIZE, code);
    String path = "/" + signal;
    origin.on(path, content);
    content.shutAfter(2);
    Path output = output();
    var running = cluster.command().startAs(WITH_SIGNALS, words(path, output, "--json").toArray(String[]::new));
    running.awaitMatch("\"from_origin\":[1-9]");

    new ProcessBuilder("kill", "-" + signal, Long.toString(running.process().pid())).start().waitFor(10, TimeUnit.SECONDS);
    Command.Result result = Command.await(running);

    assertThat(result.code()).as(result.all()).isEqualTo(code);
    assertThat(result.err()).isEmpty();
    try (var left = Files.list(output.getParent())) {
      assertThat(left).isEmpty();
    }
    content.open();
    awaitQuiet();
    Command.Result repeat = cluster.command().run(words(path, output, "--json").toArray(String[]::new));
    assertThat(repeat.code()).as(repeat.all()).isZero();
    assertThat(SwarmProcessesTest.number(repeat.out(), "from_cache")).as(repeat.all()).isPositive();
    assertThat(Arrays.equals(Files.readAllBytes(output), content.bytes())).isTrue();
  }

  private static void awaitQuiet() throws InterruptedException {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
    while (origin.connections() > 0) {
      assertThat(cluster.process("p1").waitFor(20, TimeUnit.MILLISECONDS)).isFalse();
      assertThat(System.nanoTime()).as("the daemon still reads").isLessThan(deadline);
    }
  }
}
