package dev.damselfly.dist.real;

import static org.assertj.core.api.Assertions.assertThat;

import dev.damselfly.api.assurance.Threat;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;

/// Unmodified dfget and dfcache at the socket of a peer of ours, and the same commands at an upstream daemon: same exit
/// code, same bytes, and what is printed has the same labels.
@NullMarked
@Tag("real")
@Timeout(300)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class UpstreamToolsTest {
  private static final int PIECE = GoodContent.PIECE;
  private static final String INLINE = "--transfer-from-dfdaemon";
  private static final Pattern COLOUR = Pattern.compile("\u001b\\[[0-9;]*m");
  private static final Pattern LABEL = Pattern.compile("^((?:[A-Z][a-z]+ ?)+[:!])");

  private Path home = Path.of("/nowhere");
  private Nginx origin;
  private LegacyCluster legacy;
  private Dfdaemon theirs;
  private int outputs;

  @BeforeAll
  void start() throws Exception {
    Dfdaemon.require();
    home = Files.createTempDirectory("df");
    origin = Nginx.start(home.resolve("n"), "");
    legacy = LegacyCluster.start(home, List.of("p1", "p2"), false);
    theirs = legacy.daemon("u1", Map.of());
    UpstreamClientTest.make(origin, "file", 2L * PIECE + 4711);
  }

  @AfterAll
  void stop() throws IOException {
    if (legacy != null) {
      legacy.close();
    }
    if (origin != null) {
      origin.close();
    }
    Homes.delete(home);
  }

  /// What one `dfget` left.
  private record Got(Command.Result result, Path output) {
    Optional<String> sha256() throws Exception {
      return Files.exists(output) ? Optional.of(SwarmProcessesTest.sha256(output)) : Optional.empty();
    }

    /// The labels of what is printed to people, without the log.
    List<String> labels() {
      return text().lines().map(LABEL::matcher).filter(label -> label.find()).map(label -> label.group(1)).filter(label -> !label.equals("Header:")).toList();
    }

    String text() {
      return COLOUR.matcher(result.out()).replaceAll("");
    }
  }

  private Got get(Path socket, String url, String... flags) throws Exception {
    Path output = home.resolve("o" + outputs++);
    var words = new ArrayList<>(List.of(url, "-O", output.toString(), "--no-progress", "--console"));
    words.addAll(List.of(flags));
    return new Got(Command.await(Dfdaemon.tool(legacy.cluster().command(), socket, "dfget", words)), output);
  }

  private Got ours(String url, String... flags) throws Exception {
    return get(legacy.toolsSocket("p1"), url, flags);
  }

  /// At both daemons, which must agree; ours is returned.
  private Got same(String name, String... flags) throws Exception {
    Got their = get(theirs.socket(), origin.url("/" + name), flags);
    Got our = ours(origin.url("/" + name), flags);
    assertThat(our.result().code()).as(our.text()).isEqualTo(their.result().code());
    assertThat(our.labels()).as("%s%n%s", our.text(), their.text()).isEqualTo(their.labels());
    if (our.result().code() == 0) {
      assertThat(Files.size(our.output())).isEqualTo(Files.size(their.output()));
    } else {
      assertThat(our.output()).doesNotExist();
    }
    return our;
  }

  private void requireWhole(String name, Got got) throws Exception {
    assertThat(got.result().code()).as(got.text()).isZero();
    assertThat(got.sha256()).contains(SwarmProcessesTest.sha256(origin.file(name)));
  }

  @Test
  void files_comeWhole_fromTheOrigin_andThenFromTheCache() throws Exception {
    requireWhole("file", same("file"));
    long sent = origin.bytesSent("/file");
    requireWhole("file", ours(origin.url("/file")));
    requireWhole("file", ours(origin.url("/file"), INLINE));
    assertThat(origin.bytesSent("/file")).isEqualTo(sent);

    requireWhole("file", same("file", INLINE, "--tag", "other", "-p", "0"));
    requireWhole("file", same("file", "-H", "Authorization: Bearer x", "--tag", "header"));
    UpstreamClientTest.make(origin, "empty", 0);
    UpstreamClientTest.make(origin, "tiny", 100);
    for (String small : List.of("empty", "tiny")) {
      requireWhole(small, same(small));
      requireWhole(small, same(small, INLINE));
    }
    assertThat(legacy.cluster().audited("p1")).contains("\"export\"");
  }

  @Test
  void whatAnotherPeerHas_comesFromIt() throws Exception {
    UpstreamClientTest.make(origin, "swarm", 3L * PIECE);
    Command.Result first = Command.await(legacy.cluster().get("p2", origin.url("/swarm"), home.resolve("first")));
    assertThat(first.code()).as(first.all()).isZero();
    long sent = origin.bytesSent("/swarm");

    requireWhole("swarm", ours(origin.url("/swarm")));

    assertThat(origin.bytesSent("/swarm") - sent).isLessThanOrEqualTo(1);
  }

  @Test
  void largeFile_comesBothWays() throws Exception {
    UpstreamClientTest.make(origin, "large", 300L << 20);

    requireWhole("large", ours(origin.url("/large")));
    requireWhole("large", ours(origin.url("/large"), INLINE));
  }

  @Test
  void ranges_fillTheirPieces_orAreRefused() throws Exception {
    Got part = same("file", "-H", "Range: bytes=5-10", "--tag", "range", INLINE);

    try (var file = Files.newInputStream(part.output()); var whole = Files.newInputStream(origin.file("file"))) {
      assertThat(file.readNBytes(PIECE)).isEqualTo(whole.readNBytes(PIECE));
      assertThat(file.readNBytes(PIECE)).containsOnly(0);
    }
    assertThat(ours(origin.url("/file"), "-H", "Range: bytes=99999999-").text())
        .contains("Bad Code: The system is not in a state required for the operation's execution");
  }

  @Test
  @Threat("S-TLS-2")
  void digests_areChecked_andOutputsKept() throws Exception {
    requireWhole("file", same("file", "--digest", "sha256:" + SwarmProcessesTest.sha256(origin.file("file"))));
    assertThat(same("file", "--digest", "sha256:" + "0".repeat(64)).text()).contains("Bad Code: Internal error");

    Path taken = Files.writeString(home.resolve("taken"), "mine");
    List<String> words = new ArrayList<>(List.of(origin.url("/file"), "-O", taken.toString(), "--no-progress", "--console"));
    var refused = Command.await(Dfdaemon.tool(legacy.cluster().command(), legacy.toolsSocket("p1"), "dfget", words));
    assertThat(refused.code()).isEqualTo(1);
    assertThat(taken).hasContent("mine");
    words.add("--overwrite");
    var replaced = Command.await(Dfdaemon.tool(legacy.cluster().command(), legacy.toolsSocket("p1"), "dfget", words));
    assertThat(replaced.code()).as(replaced.all()).isZero();
    assertThat(SwarmProcessesTest.sha256(taken)).isEqualTo(SwarmProcessesTest.sha256(origin.file("file")));
  }

  @Test
  @Threat("S-TLS-3")
  void refusals_areReadByTheTools() throws Exception {
    for (Got missing : List.of(same("missing"), same("missing", INLINE))) {
      assertThat(missing.text()).contains("Bad Status Code: 404", "Message: 404 Not Found");
    }
    assertThat(ours("http://127.0.0.1:1/f").result().code()).isEqualTo(1);
    Got denied = ours("http://10.0.0.1/f"); // no packet leaves: the gate is asked first
    assertThat(denied.result().code()).isEqualTo(1);
    assertThat(denied.text()).contains("Bad Code: The caller does not have permission");
    Got linked = ours(origin.url("/file"), "--force-hard-link");
    assertThat(linked.result().code()).isEqualTo(1);
    assertThat(linked.text()).contains("download.force_hard_link");
    var stat =
        Command.await(
            Dfdaemon.tool(
                legacy.cluster().command(), legacy.toolsSocket("p1"), "dfcache", List.of("stat", "0".repeat(64), "--console")));
    assertThat(stat.code()).isEqualTo(1);
    assertThat(stat.out()).contains("Operation is not implemented or not supported");
  }
}
