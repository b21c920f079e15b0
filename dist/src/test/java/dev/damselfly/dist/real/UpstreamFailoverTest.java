package dev.damselfly.dist.real;

import static org.assertj.core.api.Assertions.assertThat;

import dev.damselfly.api.id.TaskTuple;
import dev.damselfly.api.ring.HashRing;
import dev.damselfly.api.url.DefaultFilter;
import dev.damselfly.api.wire.common.v2.Download;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// One of two schedulers is gone: an unmodified upstream daemon leaves it out when it has asked the manager again.
@NullMarked
@Tag("real")
@Timeout(300)
class UpstreamFailoverTest {
  private static final String GONE = "scheduler-2";
  private static final HashRing<String> RING =
      HashRing.of(List.of(new HashRing.Member<>("scheduler-1", "scheduler-1"), new HashRing.Member<>(GONE, GONE)));

  private Path home = Path.of("/nowhere");

  @BeforeEach
  void makeHome() throws IOException {
    Dfdaemon.require();
    home = Files.createTempDirectory("df");
  }

  @AfterEach
  void clean() throws IOException {
    Homes.delete(home);
  }

  /// A new small file whose task is that of the scheduler.
  private static String fileOf(String scheduler, Nginx origin, int from) throws IOException {
    for (int i = from; ; i++) {
      var download =
          Download.newBuilder().setUrl(origin.url("/f" + i)).addAllFilteredQueryParams(DefaultFilter.NAMES).build();
      if (RING.owner(TaskTuple.of(download).id().value()).orElseThrow().equals(scheduler)) {
        UpstreamClientTest.make(origin, "f" + i, 1000);
        return "f" + i;
      }
    }
  }

  private void fetch(Dfdaemon client, Nginx origin, String name) throws Exception {
    Path file = home.resolve("out-" + name);
    Command.Result got = Command.await(client.get(origin.url("/" + name), file, "--scheduling-policy=always"));
    assertThat(got.code()).as("%s%n%s", got.all(), client.log()).isZero();
    assertThat(SwarmProcessesTest.sha256(file)).isEqualTo(SwarmProcessesTest.sha256(origin.file(name)));
  }

  private static boolean wasAnswered(LegacyCluster legacy, Nginx origin, String name) {
    return legacy.tap().announcements().stream()
        .filter(seen -> seen.said().getFirst().getRegisterPeerRequest().getDownload().getUrl().equals(origin.url("/" + name)))
        .anyMatch(seen -> !seen.heard().isEmpty());
  }

  @Test
  void schedulerThatIsGone_costsNoDownload_andIsLeftOutSoon() throws Exception {
    try (var origin = Nginx.start(home.resolve("n"), "");
        var legacy = LegacyCluster.start(home, List.of("p1"), false)) {
      var client = legacy.daemon("u1", Map.of("announceInterval", "1s", "refreshInterval", "1s"));
      String before = fileOf(GONE, origin, 0);
      fetch(client, origin, before);
      assertThat(wasAnswered(legacy, origin, before)).isTrue(); // both sides agree on whose task it is

      legacy.cluster().kill(GONE);

      long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
      String name;
      int next = 1000;
      do {
        name = fileOf(GONE, origin, next);
        next = Integer.parseInt(name.substring(1)) + 1;
        fetch(client, origin, name); // from the origin at least
        assertThat(System.nanoTime()).as(client.log()).isLessThan(deadline);
      } while (!wasAnswered(legacy, origin, name));
    }
  }
}
