package dev.damselfly.dist.real;

import static org.assertj.core.api.Assertions.assertThat;

import dev.damselfly.api.assurance.Threat;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// An unmodified upstream daemon has a file: a peer of ours takes it from there, when the digest proves it.
@NullMarked
@Tag("real")
@Timeout(300)
class UpstreamParentTest {
  private static final int SIZE = (20 << 20) + 4711;
  private static final String LOOPBACK = "127.0.0.1";

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

  private static void fetch(Dfdaemon upstream, String url, Path file) throws Exception {
    Command.Result got = Command.await(upstream.get(url, file, "--scheduling-policy=always"));
    assertThat(got.code()).as("%s%n%s", got.all(), upstream.log()).isZero();
  }

  @Test
  @Threat("S-LEG-6")
  void upstreamDaemon_isAParentOfOurPeer_whenADigestProvesIt() throws Exception {
    int port = LegacyCluster.freePort(LOOPBACK);
    String keys = ", legacy-parents: {networks: [\"127.0.0.0/8\"], piece-port: " + port + "}";
    try (var legacy = LegacyCluster.start(home, List.of("p1", "p2"), false, "", keys)) {
      var upstream = legacy.daemon("u1", Map.of("tcpPort", Integer.toString(port)));
      String url;
      String digest;
      try (var origin = Nginx.start(home.resolve("n"), "")) {
        UpstreamClientTest.make(origin, "f", SIZE);
        url = origin.url("/f");
        digest = "sha256:" + SwarmProcessesTest.sha256(origin.file("f"));
        fetch(upstream, url, home.resolve("u"));
        long sent = origin.bytesSent("/f");

        comes(legacy, upstream, "p1", url, digest);
        isRefused(legacy, "p2", url, "--digest", "sha256:" + "0".repeat(64));

        assertThat(origin.bytesSent("/f")).as("p1 asked about it, p2 read it").isLessThan(sent + SIZE + SIZE / 10);
      } // and the origin is gone

      isRefused(legacy, "p2", url);
      comes(legacy, upstream, "p2", url, digest);
    }
  }

  private void comes(LegacyCluster legacy, Dfdaemon upstream, String peer, String url, String digest) throws Exception {
    Path file = home.resolve(peer + ".out");
    Command.Result got = Command.await(legacy.cluster().get(peer, url, file, "--digest", digest));

    assertThat(got.code()).as("%s%n%s", got.all(), upstream.log()).isZero();
    assertThat("sha256:" + SwarmProcessesTest.sha256(file)).isEqualTo(digest);
    assertThat(SwarmProcessesTest.number(got.out(), "from_legacy")).as(got.all()).isEqualTo(SIZE);
    assertThat(SwarmProcessesTest.number(got.out(), "from_origin")).as(got.all()).isZero();
    legacy.cluster().awaitAudit(peer, "unverified until digest");
  }

  private void isRefused(LegacyCluster legacy, String peer, String url, String... flags) throws Exception {
    Path file = home.resolve(peer + ".none");
    Command.Result got = Command.await(legacy.cluster().get(peer, url, file, flags));

    assertThat(got.code()).as(got.all()).isNotZero();
    assertThat(file).doesNotExist();
  }
}
