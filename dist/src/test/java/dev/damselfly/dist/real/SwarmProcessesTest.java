package dev.damselfly.dist.real;

import static org.assertj.core.api.Assertions.assertThat;

import dev.damselfly.api.assurance.Threat;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// A whole cluster of processes, nginx as origin.
@NullMarked
@Tag("real")
@Timeout(300)
class SwarmProcessesTest {
  private static final int BIG = 256 << 20;
  private static final List<String> PEERS = List.of("p1", "p2", "p3");

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
  void threePeersAtOnce_withASeed_takeEachByteFromTheOriginOnce() throws Exception {
    try (var origin = Nginx.start(home.resolve("n"), "");
        var cluster = Cluster.start(home, PEERS, true)) {
      threePeersAtOnce(origin, cluster);
    }
  }

  @Test
  void threePeersAtOnce_withoutASeed_takeEachByteFromTheOriginOnce() throws Exception {
    try (var origin = Nginx.start(home.resolve("n"), "");
        var cluster = Cluster.start(home, PEERS, false)) {
      threePeersAtOnce(origin, cluster);
    }
  }

  private void threePeersAtOnce(Nginx origin, Cluster cluster) throws Exception {
    byte[] chunk = new byte[1 << 20];
    var random = new Random(7);
    try (var out = Files.newOutputStream(origin.file("big.bin"))) {
      for (int i = 0; i < BIG >> 20; i++) {
        random.nextBytes(chunk);
        out.write(chunk);
      }
    }

    var gets = new ArrayList<Command.Running>();
    for (String peer : PEERS) {
      gets.add(cluster.get(peer, origin.url("/big.bin"), home.resolve(peer + ".out")));
    }

    for (int i = 0; i < PEERS.size(); i++) {
      Command.Result result = Command.await(gets.get(i));
      assertThat(result.code()).as(result.all()).isZero();
      assertThat(sha256(home.resolve(PEERS.get(i) + ".out"))).isEqualTo(sha256(origin.file("big.bin")));
      assertThat(number(result.out(), "from_peers")).as(result.all()).isPositive();
    }
    assertThat(origin.bytesSent("/big.bin")).isLessThanOrEqualTo(BIG + BIG / 50);
    var explained = cluster.command().run("explain", home.resolve("p1.out").toString(), "--endpoint", cluster.socket("p1").toString());
    assertThat(explained.out()).contains("from spiffe://example.test/").contains("grant").contains("lease");
  }

  @Test
  @Threat({"S-VTX-1", "TOB-17", "CVE-2025-59410"})
  void captureBetweenTheProcesses_holdsNeitherContentNorUrlInClear() throws Exception {
    try (var origin = Nginx.start(home.resolve("n"), "");
        var cluster = Cluster.start(home, List.of("p1", "p2"), false)) {
      String canary = "canary-of-the-content-";
      Files.writeString(origin.file("canary-of-the-path.bin"), canary.repeat(12 << 20 >> 4));
      Path capture = home.resolve("lo.pcap");
      Process tcpdump =
          new ProcessBuilder("tcpdump", "-i", "lo", "-U", "-B", "65536", "-w", capture.toString(), "tcp and not port " + origin.port())
              .redirectErrorStream(true)
              .redirectOutput(home.resolve("tcpdump.txt").toFile())
              .start();
      awaitFile(capture, tcpdump);

      for (String peer : List.of("p1", "p2")) {
        var result = Command.await(cluster.get(peer, origin.url("/canary-of-the-path.bin"), home.resolve(peer + ".out")));
        assertThat(result.code()).as(result.all()).isZero();
      }
      tcpdump.destroy();
      tcpdump.waitFor(10, TimeUnit.SECONDS);

      assertThat(Files.size(capture)).isGreaterThan(8 << 20); // the second peer's pieces passed by
      assertThat(contains(capture, "canary-of-the-content")).isFalse();
      assertThat(contains(capture, "canary-of-the-path")).isFalse();
    }
  }

  private static void awaitFile(Path file, Process writer) throws IOException, InterruptedException {
    for (int i = 0; i < 200 && (!Files.exists(file) || Files.size(file) == 0); i++) {
      assertThat(writer.waitFor(50, TimeUnit.MILLISECONDS)).as("tcpdump ended").isFalse();
    }
  }

  static boolean contains(Path file, String text) throws IOException {
    byte[] wanted = text.getBytes(StandardCharsets.US_ASCII);
    int matched = 0;
    try (var in = new BufferedInputStream(Files.newInputStream(file), 1 << 20)) {
      for (int b = in.read(); b >= 0; b = in.read()) {
        matched = b == wanted[matched] ? matched + 1 : b == wanted[0] ? 1 : 0;
        if (matched == wanted.length) {
          return true;
        }
      }
    }
    return false;
  }

  static String sha256(Path file) throws Exception {
    var digest = MessageDigest.getInstance("SHA-256");
    try (var in = Files.newInputStream(file)) {
      byte[] buffer = new byte[1 << 20];
      for (int n = in.read(buffer); n >= 0; n = in.read(buffer)) {
        digest.update(buffer, 0, n);
      }
    }
    return HexFormat.of().formatHex(digest.digest());
  }

  /// The number in the last JSON line.
  static long number(String json, String key) {
    var matcher = Pattern.compile("\"event\":\"finished\".*\"" + key + "\":([0-9]+)").matcher(json);
    assertThat(matcher.find()).as(json).isTrue();
    return Long.parseLong(matcher.group(1));
  }
}
