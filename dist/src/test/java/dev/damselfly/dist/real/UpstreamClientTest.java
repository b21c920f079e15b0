package dev.damselfly.dist.real;

import static org.assertj.core.api.Assertions.assertThat;

import dev.damselfly.api.assurance.Threat;
import dev.damselfly.api.wire.scheduler.v2.AnnouncePeerRequest.RequestCase;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Unmodified upstream daemons in a cluster of ours without a seed: manager, two schedulers and two peers with plain
/// ports, nginx as origin. What the clients say and hear is read on the way; what they got is compared byte for byte.
@NullMarked
class UpstreamClientTest extends UpstreamPair {
  private static final int PIECE = GoodContent.PIECE;
  private static final int MIB = 1 << 20;
  private static final String ALWAYS = "--scheduling-policy=always"; // small files would come from the origin unasked

  UpstreamClientTest() {
    super(false);
  }

  /// A file at the origin.
  static void make(Nginx origin, String name, long size) throws IOException {
    var random = new Random(name.hashCode());
    byte[] chunk = new byte[MIB];
    try (OutputStream out = Files.newOutputStream(origin.file(name))) {
      for (long left = size; left > 0; left -= chunk.length) {
        random.nextBytes(chunk);
        out.write(chunk, 0, (int) Math.min(left, chunk.length));
      }
    }
  }

  private Path out(String name) {
    return home.resolve("out-" + name);
  }

  /// `dfget`, to its end.
  private void fetch(Dfdaemon daemon, String name, String... flags) throws Exception {
    Path file = out(daemon.hostId() + name);
    Command.Result got = Command.await(daemon.get(origin.url("/" + name), file, flags));
    assertThat(got.code()).as("%s%n%s", got.all(), daemon.log()).isZero();
    assertThat(SwarmProcessesTest.sha256(file)).isEqualTo(SwarmProcessesTest.sha256(origin.file(name)));
  }

  private void fetch(String peer, String name) throws Exception {
    Command.Result got = Command.await(legacy.cluster().get(peer, origin.url("/" + name), out(peer + name)));
    assertThat(got.code()).as(got.all()).isZero();
    assertThat(SwarmProcessesTest.sha256(out(peer + name))).isEqualTo(SwarmProcessesTest.sha256(origin.file(name)));
  }

  private Wiretap.Announcement announcement(Dfdaemon daemon, String name) throws InterruptedException {
    String url = origin.url("/" + name);
    return legacy
        .tap()
        .await(
            "an end for " + name + " of " + daemon.hostId(),
            seen ->
                seen.host().equals(daemon.hostId())
                    && seen.said().getFirst().getRegisterPeerRequest().getDownload().getUrl().equals(url)
                    && seen.endNanos().isPresent()
                    && seen.reset().isPresent());
  }

  /// The scheduler ends the stream, as the client itself never does.
  private static void assertEndsSoon(Wiretap.Announcement seen) {
    assertThat(seen.millisToEnd()).isLessThan(1000);
    assertThat(seen.reset()).as("without a reset the client would wait for ever").contains(0);
    System.out.println("AnnouncePeer stream ended " + seen.millisToEnd() + " ms after the last word of the client");
  }

  @Test
  @Threat("S-LEG-1")
  void daemons_areHostsOfBothSchedulers_andMarkedInTheAudit() throws Exception {
    for (String scheduler : List.of("scheduler-1", "scheduler-2")) {
      assertThat(legacy.hosts(scheduler))
          .anySatisfy(
              host -> {
                assertThat(host.getId()).isEqualTo(one.hostId());
                assertThat(host.getPort()).isEqualTo(one.port());
                assertThat(host.getBuild().getGitVersion()).isEqualTo("1.5.10");
              })
          .anySatisfy(host -> assertThat(host.getId()).isEqualTo(other.hostId()));
      assertThat(legacy.cluster().audited(scheduler)).contains("caller without an identity");
    }
    assertThat(legacy.cluster().log("manager")).contains("legacy listener");
  }

  @Test
  void whatNobodyHas_comesFromTheOrigin() throws Exception {
    make(origin, "fresh", 2L * PIECE + MIB + 1);

    fetch(one, "fresh");

    Wiretap.Announcement seen = announcement(one, "fresh");
    assertThat(seen.heard()).hasSize(1).allMatch(answer -> answer.hasNeedBackToSourceResponse());
    assertThat(seen.count(RequestCase.DOWNLOAD_PIECE_BACK_TO_SOURCE_FINISHED_REQUEST)).isEqualTo(3);
    assertThat(seen.has(RequestCase.DOWNLOAD_PEER_BACK_TO_SOURCE_FINISHED_REQUEST)).isTrue();
    assertEndsSoon(seen);
  }

  @Test
  @Threat("S-LEG-4")
  void whatAPeerOfOursHas_comesFromIt_andNotTheOtherWayRound() throws Exception {
    make(origin, "ours", 5L * PIECE + 4711);
    fetch("p1", "ours");
    long sent = origin.bytesSent("/ours");
    long before = one.traffic("REMOTE_PEER");

    fetch(one, "ours");

    Wiretap.Announcement seen = announcement(one, "ours");
    assertThat(seen.parents()).containsExactly("127.0.0.1-p1");
    assertThat(seen.count(RequestCase.DOWNLOAD_PIECE_FINISHED_REQUEST)).isEqualTo(6);
    assertThat(seen.has(RequestCase.DOWNLOAD_PEER_FINISHED_REQUEST)).isTrue();
    assertThat(seen.has(RequestCase.DOWNLOAD_PIECE_FAILED_REQUEST)).isFalse();
    assertEndsSoon(seen);
    assertThat(one.traffic("REMOTE_PEER") - before).isEqualTo(5L * PIECE + 4711);
    assertThat(origin.bytesSent("/ours") - sent).isLessThanOrEqualTo(1); // the client asks the origin what the file is like

    make(origin, "theirs", 2L * PIECE);
    fetch(one, "theirs");
    fetch("p1", "theirs");
    assertThat(origin.bytesSent("/theirs")).isGreaterThanOrEqualTo(4L * PIECE); // no host with an identity takes it from there
  }

  @Test
  void whatAnotherDaemonHas_comesFromIt() throws Exception {
    make(origin, "passed-on", 4L * PIECE);
    fetch(one, "passed-on");
    long sent = origin.bytesSent("/passed-on");

    fetch(other, "passed-on");

    Wiretap.Announcement seen = announcement(other, "passed-on");
    assertThat(seen.parents()).containsExactly(one.hostId());
    assertThat(seen.count(RequestCase.DOWNLOAD_PIECE_FINISHED_REQUEST)).isEqualTo(4);
    assertEndsSoon(seen);
    assertThat(origin.bytesSent("/passed-on") - sent).isLessThanOrEqualTo(1);
  }

  @ParameterizedTest
  @ValueSource(longs = {0, 1, PIECE - 1, PIECE, PIECE + 1})
  void sizesAtTheEdges_comeFromTheOriginAndFromAPeer(long size) throws Exception {
    String fresh = "fresh-" + size;
    make(origin, fresh, size);
    fetch(one, fresh, ALWAYS);

    String ours = "ours-" + size;
    make(origin, ours, size);
    fetch("p1", ours);
    fetch(other, ours, ALWAYS);

    if (size > 0) { // a client never announces an empty file
      assertEndsSoon(announcement(one, fresh));
      Wiretap.Announcement seen = announcement(other, ours);
      assertThat(seen.parents()).containsExactly("127.0.0.1-p1");
      assertThat(seen.has(RequestCase.DOWNLOAD_PEER_FINISHED_REQUEST)).isTrue();
      assertEndsSoon(seen);
    }
  }

  @Test
  void bigFile_comesWholeFromAPeer() throws Exception {
    long size = 300L * MIB;
    make(origin, "big", size);
    fetch("p2", "big");
    long began = System.nanoTime();

    fetch(one, "big");

    System.out.println("300 MiB from a peer to dfget and checked in " + (System.nanoTime() - began) / 1_000_000 + " ms");
    Wiretap.Announcement seen = announcement(one, "big");
    assertThat(seen.parents()).containsExactly("127.0.0.1-p2");
    assertThat(seen.count(RequestCase.DOWNLOAD_PIECE_FINISHED_REQUEST)).isEqualTo(75);
    assertEndsSoon(seen);
    assertThat(origin.bytesSent("/big")).isLessThanOrEqualTo(size + size / 50);
  }

  /// The tool has no flag for it; a header of the request says the range. Only the pieces it touches are there then.
  @Test
  void range_comesFromAPeer() throws Exception {
    make(origin, "ranged", 5L * PIECE);
    fetch("p1", "ranged");
    int start = PIECE + 100;
    int length = 2 * PIECE;
    Path file = out("range");

    Command.Result got =
        Command.await(one.get(origin.url("/ranged"), file, "--header=Range: bytes=" + start + "-" + (start + length - 1)));

    assertThat(got.code()).as(got.all()).isZero();
    byte[] bytes = Files.readAllBytes(file);
    byte[] whole = Files.readAllBytes(origin.file("ranged"));
    assertThat(Arrays.equals(bytes, PIECE, 4 * PIECE, whole, PIECE, 4 * PIECE)).isTrue();
    Wiretap.Announcement seen = announcement(one, "ranged");
    assertThat(seen.parents()).containsExactly("127.0.0.1-p1");
    assertThat(seen.count(RequestCase.DOWNLOAD_PIECE_FINISHED_REQUEST)).isEqualTo(3);
    assertThat(seen.has(RequestCase.DOWNLOAD_PEER_FINISHED_REQUEST)).isTrue();
    assertEndsSoon(seen);
  }

  @Test
  void parentOfOurs_killedInTheMiddle_costsNobodyTheDownload() throws Exception {
    var slow = legacy.daemon("u3", Map.of("download", "bandwidthLimit: 8MB"));
    make(origin, "cut", 16L * PIECE);
    fetch("p2", "cut");
    long sent = origin.bytesSent("/cut");
    Path file = out("cut");

    var running = slow.get(origin.url("/cut"), file);
    legacy.tap().await("a piece", seen -> seen.host().equals(slow.hostId()) && seen.has(RequestCase.DOWNLOAD_PIECE_FINISHED_REQUEST));
    legacy.cluster().kill("p2");
    Command.Result got = Command.await(running);
    legacy.cluster().peer("p2");

    assertThat(got.code()).as("%s%n%s", got.all(), slow.log()).isZero();
    assertThat(SwarmProcessesTest.sha256(file)).isEqualTo(SwarmProcessesTest.sha256(origin.file("cut")));
    Wiretap.Announcement seen = announcement(slow, "cut");
    assertThat(seen.has(RequestCase.DOWNLOAD_PIECE_FINISHED_REQUEST)).isTrue();
    assertThat(seen.has(RequestCase.DOWNLOAD_PIECE_BACK_TO_SOURCE_FINISHED_REQUEST)).isTrue();
    assertEndsSoon(seen);
    assertThat(origin.bytesSent("/cut") - sent).isBetween(1L, 16L * PIECE - 1); // what had come is not read again
  }

  @Test
  void daemonAsParent_killedInTheMiddle_costsNobodyTheDownload() throws Exception {
    var parent = legacy.daemon("u4", Map.of());
    var slow = legacy.daemon("u5", Map.of("download", "bandwidthLimit: 8MB"));
    make(origin, "cut-too", 16L * PIECE);
    fetch(parent, "cut-too");
    Path file = out("cut-too");

    var running = slow.get(origin.url("/cut-too"), file);
    legacy.tap().await("a piece", seen -> seen.host().equals(slow.hostId()) && seen.has(RequestCase.DOWNLOAD_PIECE_FINISHED_REQUEST));
    parent.kill();
    Command.Result got = Command.await(running);

    assertThat(got.code()).as("%s%n%s", got.all(), slow.log()).isZero();
    assertThat(SwarmProcessesTest.sha256(file)).isEqualTo(SwarmProcessesTest.sha256(origin.file("cut-too")));
    assertEndsSoon(announcement(slow, "cut-too"));
  }

  /// There is no QUIC here, and no port is told for it: such a child goes to the origin.
  @Test
  void childThatWantsQuic_stillGetsItsFile() throws Exception {
    var quic = legacy.daemon("u6", Map.of("download", "protocol: quic"));
    make(origin, "quic", 3L * PIECE);
    fetch("p1", "quic");
    long began = System.nanoTime();

    fetch(quic, "quic");

    System.out.println("a child that wants QUIC had its file after " + (System.nanoTime() - began) / 1_000_000 + " ms");
    assertThat(announcement(quic, "quic").has(RequestCase.DOWNLOAD_PIECE_FINISHED_REQUEST)).isFalse();
  }

  /// The words to the proxy come along with the registration; they are no credentials.
  @Test
  @Threat("S-LEG-5")
  void proxyOfTheDaemon_takesFromAPeer_butNotWithCredentials() throws Exception {
    make(origin, "proxied", 2L * PIECE);
    fetch("p1", "proxied");
    String use = "X-Dragonfly-Use-P2P: true";

    String answer = one.proxied(origin.url("/proxied"), use, "Proxy-Connection: keep-alive", "X-Dragonfly-Priority: 5");

    assertThat(answer).startsWith("HTTP/1.1 200");
    assertThat(announcement(one, "proxied").parents()).containsExactly("127.0.0.1-p1");

    make(origin, "secret", 2L * PIECE);
    fetch("p1", "secret");
    assertThat(one.proxied(origin.url("/secret"), use, "Authorization: Bearer x")).startsWith("HTTP/1.1 200");
    assertThat(announcement(one, "secret").heard()).isEmpty(); // refused: the client asks the origin itself
  }

  /// Persistent tasks are not served; the tool says so, and does not hang.
  @Test
  void dfcache_isToldThatItIsNotServed() throws Exception {
    Path file = Files.writeString(home.resolve("to-import"), "content");

    Command.Result got = Command.await(one.tool("dfcache", List.of("import", file.toString(), "--no-progress", "--console")));

    assertThat(got.code()).as(got.all()).isEqualTo(1);
    String audits = legacy.cluster().audited("scheduler-1") + legacy.cluster().audited("scheduler-2");
    assertThat(audits).as(got.all()).containsPattern("authz.deny.*UploadPersistentCacheTaskStarted");
  }
}
