package dev.damselfly.dist.real;

import static org.assertj.core.api.Assertions.assertThat;

import dev.damselfly.api.assurance.Threat;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// A block list that is written at the manager, and a peer that runs all the time.
@NullMarked
@Tag("real")
@Timeout(300)
class BlockListTest {
  private static final String OPEN = "[{name: east, default: true}]";
  private static final String BLOCKED =
      "[{name: east, default: true, block-list: {task: {download: {urls: [\"/private[.]bin$\"], applications: [batch]}}}}]";

  private Path home = Path.of("/nowhere");

  @BeforeEach
  void directory() throws IOException {
    home = Files.createTempDirectory("df");
  }

  @AfterEach
  void clean() throws IOException {
    Homes.delete(home);
  }

  @Test
  @Threat({"S-BLK-1", "S-BLK-2"})
  void list_holdsAtARunningPeer_untilItIsTakenAway() throws Exception {
    try (var origin = Nginx.start(home.resolve("n"), "");
        var cluster = Cluster.start(home, Cluster.Plan.of(List.of("p1")))) {
      for (String name : List.of("private.bin", "open.bin")) {
        Files.writeString(origin.file(name), "content of " + name);
      }
      cluster.awaitAudit("p1", "blocklist.change");

      cluster.managerAgain(BLOCKED);
      cluster.awaitAudit("p1", "blocklist.change", 2);
      assertRefused(get(cluster, origin.url("/private.bin")), "urls");
      assertRefused(get(cluster, origin.url("/%70rivate.bin?x=1")), "urls");
      assertRefused(get(cluster, origin.url("/open.bin"), "--application", "batch"), "applications");
      assertThat(get(cluster, origin.url("/open.bin")).code()).isZero();
      assertThat(cluster.audited("p1")).contains("blocklist.deny", "urls[0]", "applications[0]");

      cluster.managerAgain(OPEN);
      cluster.awaitAudit("p1", "blocklist.change", 3);
      assertThat(get(cluster, origin.url("/private.bin")).code()).isZero();
      assertThat(get(cluster, origin.url("/open.bin"), "--application", "batch").code()).isZero();
      assertThat(cluster.process("p1").isAlive()).isTrue();
    }
  }

  private Command.Result get(Cluster cluster, String url, String... flags) throws IOException, InterruptedException {
    Path output = Files.createTempDirectory(home, "o").resolve("out");
    return Command.await(cluster.get("p1", url, output, flags));
  }

  private static void assertRefused(Command.Result result, String kind) {
    assertThat(result.code()).as(result.all()).isEqualTo(3);
    assertThat(result.all()).contains("BLOCK_LISTED", "(" + kind + ")");
  }
}
