package dev.damselfly.dist.real;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// Every process of a cluster is killed in the middle of a download, once. The origin is held back, so that the middle
/// is where the test says: downloads go on without the dead one, or end with a word and resume.
@NullMarked
@Tag("real")
@Timeout(300)
class KillsTest {
  private static final int PIECES = 6;
  private static final int SIZE = (PIECES - 1) * GoodContent.PIECE + 4711;
  private static final String READY = Cluster.Plan.LOOPBACK + ", download: {alone-after: 5s, no-source-after: 60s}";

  private Path home = Path.of("/nowhere");
  private ScriptedOrigin origin;
  private GoodContent content;

  @BeforeEach
  void start() throws IOException {
    home = Files.createTempDirectory("df");
    origin = ScriptedOrigin.start("127.0.0.1");
    content = GoodContent.of(SIZE, 1);
    origin.on("/file", content);
  }

  @AfterEach
  void stop() throws IOException {
    origin.close();
    Homes.delete(home);
  }

  private Cluster cluster(Cluster.Plan plan) throws IOException, InterruptedException {
    return Cluster.start(home, plan.withSettings(Map.of("p1", READY, "p2", READY)));
  }

  private Path output(String name) throws IOException {
    return Files.createDirectories(home.resolve("out-" + name)).resolve("file");
  }

  private Command.Running get(Cluster cluster, String peer, String name, String... flags) throws IOException {
    return cluster.get(peer, origin.url("/file"), output(name), flags);
  }

  private void assertCame(Command.Running running, String name) throws IOException, InterruptedException {
    Command.Result result = Command.await(running);
    assertThat(result.code()).as(result.all()).isZero();
    assertThat(Arrays.equals(Files.readAllBytes(output(name)), content.bytes())).isTrue();
    assertNothingBeside(name, 1);
  }

  private void assertNothingBeside(String name, int files) throws IOException {
    try (var left = Files.list(output(name).getParent())) {
      assertThat(left).hasSize(files);
    }
  }

  private static long progress(Command.Running running, String key) throws IOException, InterruptedException {
    return Long.parseLong(running.awaitMatch("\"" + key + "\":([1-9][0-9]*)").group(1));
  }

  @Test
  void seedAndThenManager_killedInTheMiddle_costNobodyTheDownload() throws Exception {
    try (var cluster = cluster(Cluster.Plan.of(List.of("p1", "p2")).withSeed())) {
      content.shutAfter(2);
      var first = get(cluster, "p1", "a", "--disable-back-to-source");
      progress(first, "from_peers"); // what the seed read has come across
      cluster.kill("seed-1");
      var second = get(cluster, "p2", "b"); // reads at the origin itself
      content.open();

      assertCame(first, "a");
      assertCame(second, "b");
      assertThat(content.sent()).isLessThanOrEqualTo(SIZE + 2L * GoodContent.PIECE); // what only the seed had, again

      cluster.kill("manager");
      origin.on("/later", content);
      Command.Result later = Command.await(cluster.get("p2", origin.url("/later"), output("c")));
      assertThat(later.code()).as(later.all()).isZero();
    }
  }

  @Test
  void managerKilledInTheMiddle_isNotMissed() throws Exception {
    try (var cluster = cluster(Cluster.Plan.of(List.of("p1", "p2")))) {
      content.shutAfter(2);
      var first = get(cluster, "p1", "a");
      var second = get(cluster, "p2", "b");
      progress(first, "bytes_done");
      progress(second, "bytes_done");
      cluster.kill("manager");
      content.open();

      assertCame(first, "a");
      assertCame(second, "b");
      assertThat(content.sent()).isLessThanOrEqualTo(SIZE);
    }
  }

  @Test
  void schedulerKilledInTheMiddle_isReplacedByTheOther() throws Exception {
    try (var cluster = cluster(Cluster.Plan.of(List.of("p1", "p2")))) {
      content.shutAfter(2);
      var first = get(cluster, "p1", "a");
      var second = get(cluster, "p2", "b");
      String task = first.awaitMatch("\"task_id\":\"([0-9a-f]{64})\"").group(1);
      progress(first, "bytes_done");
      progress(second, "bytes_done");
      String owner = cluster.audited("scheduler-1").contains(task) ? "scheduler-1" : "scheduler-2";
      String other = owner.equals("scheduler-1") ? "scheduler-2" : "scheduler-1";
      cluster.kill(owner);
      cluster.awaitAudit(other, task); // somebody joined there
      content.open();

      assertCame(first, "a");
      assertCame(second, "b");
    }
  }

  @Test
  void bothSchedulersKilled_leavesThePeerAloneWithTheOrigin() throws Exception {
    try (var cluster = cluster(Cluster.Plan.of(List.of("p1")))) {
      content.shutAfter(2);
      var running = get(cluster, "p1", "a");
      progress(running, "from_origin");
      cluster.kill("scheduler-1");
      cluster.kill("scheduler-2");
      content.open();

      assertCame(running, "a");
      var explained = cluster.command().run("explain", output("a").toString(), "--endpoint", cluster.socket("p1").toString());
      assertThat(explained.out()).contains("from origin");
    }
  }

  @Test
  void parentKilledInTheMiddle_isReplaced_andItsOwnRepeatResumes() throws Exception {
    try (var cluster = cluster(Cluster.Plan.of(List.of("p1", "p2")))) {
      content.shutAfter(3);
      var parent = get(cluster, "p1", "a");
      progress(parent, "from_origin");
      var child = get(cluster, "p2", "b");
      progress(child, "from_peers");
      long told = lastProgress(parent);
      cluster.kill("p1");

      Command.Result broken = Command.await(parent);
      assertThat(broken.code()).as(broken.all()).isEqualTo(6);
      assertThat(broken.err()).contains("daemon").contains("try again");
      assertNothingBeside("a", 0);

      content.open();
      assertCame(child, "b");

      cluster.peer("p1");
      long sent = content.sent();
      Command.Result repeat = Command.await(get(cluster, "p1", "a"));
      assertThat(repeat.code()).as(repeat.all()).isZero();
      assertThat(Arrays.equals(Files.readAllBytes(output("a")), content.bytes())).isTrue();
      assertThat(SwarmProcessesTest.number(repeat.out(), "from_cache")).as(repeat.all()).isGreaterThanOrEqualTo(told);
      assertThat(sum(repeat)).as(repeat.all()).isEqualTo(SIZE);
      long read = SwarmProcessesTest.number(repeat.out(), "from_origin");
      assertThat(content.sent() - sent).isBetween(read, read + GoodContent.PIECE - 1);
    }
  }

  /// The daemon alone with its origin: what is stored and what is read again add up to the content.
  @Test
  void peerKilledInTheMiddle_readsOnlyTheRestWhenItIsBack() throws Exception {
    try (var cluster = cluster(Cluster.Plan.of(List.of("p1")))) {
      content.shutAfter(3);
      var running = get(cluster, "p1", "a");
      progress(running, "from_origin");
      long told = lastProgress(running);
      cluster.kill("p1");
      Command.Result broken = Command.await(running);
      assertThat(broken.code()).as(broken.all()).isEqualTo(6);
      assertNothingBeside("a", 0);

      cluster.peer("p1");
      content.open();
      long sent = content.sent();
      Command.Result repeat = Command.await(get(cluster, "p1", "a"));

      assertThat(repeat.code()).as(repeat.all()).isZero();
      assertThat(Arrays.equals(Files.readAllBytes(output("a")), content.bytes())).isTrue();
      assertThat(SwarmProcessesTest.number(repeat.out(), "from_cache")).as(repeat.all()).isGreaterThanOrEqualTo(told);
      assertThat(sum(repeat)).as(repeat.all()).isEqualTo(SIZE);
      long read = SwarmProcessesTest.number(repeat.out(), "from_origin");
      assertThat(content.sent() - sent).isBetween(read, read + GoodContent.PIECE - 1); // steps into the sockets of the dead one
    }
  }

  private static long sum(Command.Result result) {
    return SwarmProcessesTest.number(result.out(), "from_cache")
        + SwarmProcessesTest.number(result.out(), "from_origin")
        + SwarmProcessesTest.number(result.out(), "from_peers");
  }

  /// What the user was told to be done, at the latest.
  private static long lastProgress(Command.Running running) throws IOException {
    long last = 0;
    for (String line : Files.readAllLines(running.out())) {
      var matcher = Pattern.compile("\"bytes_done\":([0-9]+)").matcher(line);
      last = matcher.find() ? Long.parseLong(matcher.group(1)) : last;
    }
    return last;
  }
}
