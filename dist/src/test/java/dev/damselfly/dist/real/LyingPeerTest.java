package dev.damselfly.dist.real;

import static org.assertj.core.api.Assertions.assertThat;

import dev.damselfly.api.assurance.Threat;
import dev.damselfly.api.id.TaskTuple;
import dev.damselfly.api.wire.common.v2.Download;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// One parent with a good identity lies, and no other peer is left: two real peers after each other are told that it
/// has everything. Both get the true content, and both times the liar is named.
@NullMarked
@Tag("real")
@Timeout(240)
class LyingPeerTest {
  private static final int SIZE = 3 * GoodContent.PIECE + 4711;
  private static final String BRIEF = Cluster.Plan.LOOPBACK + ", download: {serve-for: 0s}";

  private static Path home = Path.of("/nowhere");
  private static ScriptedOrigin origin;
  private static Cluster cluster;
  private static LyingPeer liar;

  @BeforeAll
  static void start() throws Exception {
    home = Files.createTempDirectory("df");
    origin = ScriptedOrigin.start("127.0.0.1");
    var plan =
        Cluster.Plan.of(List.of("p1", "p2", "p3"))
            .withStrangers(List.of("liar"))
            .withSettings(Map.of("p1", BRIEF, "p2", BRIEF, "p3", BRIEF));
    cluster = Cluster.start(home, plan);
    liar = new LyingPeer(cluster, "liar", home);
  }

  @AfterAll
  static void stop() throws Exception {
    liar.stop();
    cluster.close();
    origin.close();
    Homes.delete(home);
  }

  private Command.Result get(String peer, String path) throws IOException, InterruptedException {
    return Command.await(cluster.get(peer, origin.url(path), output(peer, path), "--timeout", "90s"));
  }

  private static Path output(String peer, String path) {
    return home.resolve(peer + path.replace('/', '-'));
  }

  private static void assertCame(Command.Result result, Path output, GoodContent content) throws IOException {
    assertThat(result.code()).as(result.all()).isZero();
    assertThat(Arrays.equals(Files.readAllBytes(output), content.bytes())).isTrue();
  }

  @ParameterizedTest
  @EnumSource
  @Threat({"S-VTX-3", "S-VTX-4", "S-VTX-5"})
  void parentThatLies_costsNobodyTheContent_andIsNamed(LyingPeer.Lie lie) throws Exception {
    String path = "/" + lie;
    var content = GoodContent.of(SIZE, lie.ordinal());
    origin.on(path, content);
    var download = Download.newBuilder().setUrl(origin.url(path)).addAllFilteredQueryParams(List.of()).build();
    try (var member = liar.join(download, content.bytes(), lie)) {
      assertCame(get("p1", path), output("p1", path), content); // attests, and leaves the swarm
      liar.claim(member);

      for (String child : List.of("p2", "p3")) {
        int before = liar.asked();
        Command.Result result = get(child, path);
        assertCame(result, output(child, path), content);
        assertThat(liar.asked()).isGreaterThan(before);
        assertNamed(child, lie);
      }
      assertQuarantined(TaskTuple.of(download).id().value(), lie);
    }
  }

  /// Wrong bytes are on record at the child; nothing of the liar's is in the content.
  private void assertNamed(String child, LyingPeer.Lie lie) throws IOException, InterruptedException {
    if (lie == LyingPeer.Lie.FLIPPED || lie == LyingPeer.Lie.SWAPPED) {
      cluster.awaitAudit(child, "digest.mismatch");
      assertThat(cluster.audited(child)).contains(liar.id());
    }
    String explained = explain(child, "/" + lie);
    if (lie == LyingPeer.Lie.REPEATED) {
      assertThat(explained).contains("verified"); // its first answer is true, and may stay
    } else {
      assertThat(explained).contains("from origin").doesNotContain("from " + liar.id());
    }
  }

  private static String explain(String peer, String path) throws IOException, InterruptedException {
    var result = cluster.command().run("explain", output(peer, path).toString(), "--endpoint", cluster.socket(peer).toString());
    assertThat(result.code()).as(result.all()).isZero();
    return result.out();
  }

  /// Two children proved wrong bytes: the scheduler of the task shuts the liar out.
  private static void assertQuarantined(String task, LyingPeer.Lie lie) throws IOException, InterruptedException {
    if (lie == LyingPeer.Lie.FLIPPED || lie == LyingPeer.Lie.SWAPPED) {
      String owner = cluster.audited("scheduler-1").contains(task) ? "scheduler-1" : "scheduler-2";
      cluster.awaitAudit(owner, "peer.quarantine");
      assertThat(cluster.audited(owner).lines())
          .anyMatch(line -> line.contains("peer.quarantine") && line.contains(liar.id()) && line.contains(task));
    }
  }
}
