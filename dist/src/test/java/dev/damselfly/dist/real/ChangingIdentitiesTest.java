package dev.damselfly.dist.real;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// Identities change while content moves: no process loses its work, and no connection outlives what vouched for it.
@NullMarked
@Tag("real")
@Timeout(400)
class ChangingIdentitiesTest {
  private static final int PIECES = 24;
  private static final int SIZE = (PIECES - 1) * GoodContent.PIECE + 4711;
  private static final int STEPS_PER_SECOND = SIZE / GoodContent.STEP / 150;
  private static final List<String> PEERS = List.of("p1", "p2");
  private static final List<String> EVERYBODY = List.of("manager", "scheduler-1", "scheduler-2", "p1", "p2");
  private static final List<String> FAILURES = List.of("svid.rotate.fail", "authn.failure", "authz.deny", "digest.mismatch", "peer.quarantine");
  private static final long END_OF_A_CONNECTION = TimeUnit.SECONDS.toNanos(60); // identity.md 7

  private Path home = Path.of("/nowhere");
  private ScriptedOrigin origin;
  private GoodContent content;
  private final ScheduledExecutorService slowOrigin = Executors.newSingleThreadScheduledExecutor();

  @BeforeEach
  void start() throws IOException {
    home = Files.createTempDirectory("df");
    origin = ScriptedOrigin.start("127.0.0.1");
    content = GoodContent.of(SIZE, 1);
    origin.on("/file", content);
  }

  @AfterEach
  void stop() throws IOException {
    slowOrigin.shutdownNow();
    origin.close();
    Homes.delete(home);
  }

  @Test
  void svidsOfAMinute_rotateDuringATransfer_withoutOneFailedPiece() throws Exception {
    try (var cluster = Cluster.start(home, Cluster.Plan.of(PEERS).withSvidLife("60s"))) {
      content.slow();
      slowOrigin.scheduleAtFixedRate(() -> content.step(STEPS_PER_SECOND), 1, 1, TimeUnit.SECONDS);
      List<Command.Running> gets = gets(cluster);
      for (int rotation = 1; rotation <= 3; rotation++) { // after the third, no SVID is left that a connection began with
        for (String name : EVERYBODY) {
          cluster.awaitAudit(name, "\"svid.rotate\"", rotation + 1);
        }
      }
      assertThat(gets).allMatch(get -> get.process().isAlive());
      content.open();

      assertCame(gets, cluster);
      for (String name : EVERYBODY) {
        assertThat(cluster.audited(name)).doesNotContain(FAILURES);
      }
    }
  }

  @Test
  void removedTrustBundle_endsOpenConnections_andTheDownloadGoesOn() throws Exception {
    var plan = Cluster.Plan.of(PEERS);
    var issuer = DevelopmentIssuer.start(home, Cluster.command(home), plan.names(), plan.svidLife());
    try (var cluster = Cluster.start(home, plan, issuer)) {
      content.shutAfter(2);
      List<Command.Running> gets = gets(cluster);
      List<String> before = toOtherProcesses(cluster);
      assertThat(before).isNotEmpty();

      issuer.replace();
      for (String name : EVERYBODY) {
        cluster.awaitAudit(name, "\"bundle.update\"", 2);
      }
      long deadline = System.nanoTime() + END_OF_A_CONNECTION;
      List<String> left = toOtherProcesses(cluster);
      for (left.retainAll(before); !left.isEmpty(); left.retainAll(before)) {
        assertThat(System.nanoTime()).as("open connections that nobody vouches for: " + left).isLessThan(deadline);
        cluster.process("p1").waitFor(100, TimeUnit.MILLISECONDS);
        left = toOtherProcesses(cluster);
      }
      content.open();

      assertCame(gets, cluster);
    }
  }

  private List<Command.Running> gets(Cluster cluster) throws IOException, InterruptedException {
    List<Command.Running> gets =
        List.of(cluster.get("p1", origin.url("/file"), output("p1")), cluster.get("p2", origin.url("/file"), output("p2")));
    for (Command.Running get : gets) {
      get.awaitMatch("\"from_peers\":([1-9][0-9]*)|\"from_origin\":([1-9][0-9]*)");
    }
    return gets;
  }

  private Path output(String peer) {
    return home.resolve("out-" + peer);
  }

  private List<String> toOtherProcesses(Cluster cluster) throws IOException {
    String port = ":" + origin.port();
    return new ArrayList<>(
        Footprint.connections(cluster.process("p1")).stream().filter(line -> !line.contains(port)).toList());
  }

  private void assertCame(List<Command.Running> gets, Cluster cluster) throws IOException, InterruptedException {
    long fromPeers = 0;
    for (int i = 0; i < gets.size(); i++) {
      Command.Result result = Command.await(gets.get(i));
      assertThat(result.code()).as(result.all() + cluster.log(PEERS.get(i))).isZero();
      assertThat(Arrays.equals(Files.readAllBytes(output(PEERS.get(i))), content.bytes())).isTrue();
      fromPeers += SwarmProcessesTest.number(result.out(), "from_peers");
    }
    assertThat(fromPeers).isPositive();
  }
}
