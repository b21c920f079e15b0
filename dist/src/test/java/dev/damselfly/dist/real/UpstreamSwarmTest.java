package dev.damselfly.dist.real;

import static org.assertj.core.api.Assertions.assertThat;

import dev.damselfly.api.assurance.Threat;
import dev.damselfly.api.wire.scheduler.v2.AnnouncePeerRequest.RequestCase;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.Test;

/// Two upstream daemons and two peers of ours in one cluster with a seed.
@NullMarked
class UpstreamSwarmTest extends UpstreamPair {
  private static final int SIZE = 64 << 20;

  UpstreamSwarmTest() {
    super(true);
  }

  private void assertCame(Command.Running running, Path file, String name) throws Exception {
    Command.Result got = Command.await(running);
    assertThat(got.code()).as("%s%n%s", got.all(), one.log()).isZero();
    assertThat(SwarmProcessesTest.sha256(file)).isEqualTo(SwarmProcessesTest.sha256(origin.file(name)));
  }

  private Wiretap.Announcement announcement(Dfdaemon daemon, String name) throws InterruptedException {
    String url = origin.url("/" + name);
    return legacy
        .tap()
        .await(
            "an end for " + name,
            seen ->
                seen.host().equals(daemon.hostId())
                    && seen.said().getFirst().getRegisterPeerRequest().getDownload().getUrl().equals(url)
                    && seen.endNanos().isPresent());
  }

  @Test
  void coldFile_comesThroughTheSeed() throws Exception {
    UpstreamClientTest.make(origin, "cold", SIZE / 4);
    Path file = home.resolve("cold.out");

    assertCame(one.get(origin.url("/cold"), file), file, "cold");

    Wiretap.Announcement seen = announcement(one, "cold");
    assertThat(seen.parents()).contains("127.0.0.1-seed-1-seed");
    assertThat(seen.has(RequestCase.DOWNLOAD_PIECE_BACK_TO_SOURCE_FINISHED_REQUEST)).isFalse();
    assertThat(seen.millisToEnd()).isLessThan(1000);
    assertThat(origin.bytesSent("/cold")).isLessThanOrEqualTo(SIZE / 4 + SIZE / 100);
  }

  @Test
  @Threat("S-LEG-3")
  void priorities_sayWhoMayGoToTheOrigin() throws Exception {
    UpstreamClientTest.make(origin, "itself", SIZE / 8);
    Path file = home.resolve("itself.out");
    assertCame(one.get(origin.url("/itself"), file, "--priority=3"), file, "itself");
    assertThat(announcement(one, "itself").heard()).allMatch(answer -> answer.hasNeedBackToSourceResponse());

    UpstreamClientTest.make(origin, "forbidden", SIZE / 8);
    Path none = home.resolve("forbidden.out");
    Command.Result got = Command.await(one.get(origin.url("/forbidden"), none, "--priority=1", "--disable-back-to-source"));
    assertThat(got.code()).as(got.all()).isEqualTo(1);
    assertThat(announcement(one, "forbidden").heard()).isEmpty();
    assertThat(none).doesNotExist();
  }

  @Test
  void twoOfEachKindAtOnce_takeTheFileFromTheOriginOnce() throws Exception {
    UpstreamClientTest.make(origin, "mixed", SIZE);
    String url = origin.url("/mixed");
    var running = new ArrayList<Command.Running>();
    var files = new ArrayList<Path>();
    for (String name : List.of("u1", "u2", "p1", "p2")) {
      Path file = home.resolve("mixed-" + name);
      files.add(file);
      running.add(
          switch (name) {
            case "u1" -> one.get(url, file);
            case "u2" -> other.get(url, file);
            default -> legacy.cluster().get(name, url, file);
          });
    }

    for (int i = 0; i < running.size(); i++) {
      assertCame(running.get(i), files.get(i), "mixed");
    }

    long sent = origin.bytesSent("/mixed");
    System.out.printf("mixed swarm: the origin sent %d bytes for a file of %d, %.3f times its size%n", sent, SIZE, (double) sent / SIZE);
    assertThat(sent).isBetween((long) SIZE, SIZE + SIZE / 10L);
    for (Dfdaemon daemon : List.of(one, other)) {
      assertThat(announcement(daemon, "mixed").has(RequestCase.DOWNLOAD_PEER_FINISHED_REQUEST)).isTrue();
    }
  }
}
