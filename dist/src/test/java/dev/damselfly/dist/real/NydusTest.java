package dev.damselfly.dist.real;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.damselfly.api.assurance.Threat;
import dev.damselfly.nydus.Golden;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.regex.Pattern;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// Nydus images of a real registry, read at two nodes through their peers.
@NullMarked
@Tag("real")
@Timeout(300)
class NydusTest {
  private static final int LARGE = 13 << 20;
  private static final int SMALL = 5000;

  private static Path home = Path.of("/nowhere");
  private static Registry registry;
  private static Cluster cluster;
  private static Path auths = Path.of("/nowhere");

  @BeforeAll
  static void start() throws Exception {
    home = Files.createTempDirectory("df");
    registry = Registry.start(home.resolve("registry"));
    String mirror =
        Cluster.Plan.LOOPBACK
            + ", proxy: {listen: \"127.0.0.1:0\", upstreams: [{name: registry.test, url: \"" + registry.url() + "\"}]}";
    cluster = Cluster.start(home, Cluster.Plan.of(List.of("p1", "p2")).withSettings(Map.of("p1", mirror, "p2", mirror)));
    String word = Registry.authorization().substring("Basic ".length());
    auths = Files.writeString(home.resolve("auth.json"), "{\"auths\":{\"registry.test\":{\"auth\":\"" + word + "\"}}}");
  }

  @AfterAll
  static void stop() throws IOException {
    cluster.close();
    registry.close();
    Homes.delete(home);
  }

  private static byte[] noise(int size, long seed) {
    var bytes = new byte[size];
    new Random(seed).nextBytes(bytes);
    return bytes;
  }

  /// `damselfly nydus` at a node, with a cache of that node.
  private static Command.Result nydus(String node, String... words) throws Exception {
    var all = new ArrayList<>(List.of("nydus"));
    all.addAll(List.of(words));
    all.addAll(List.of("--authfile", auths.toString(), "--mirror", "http://127.0.0.1:" + cluster.mirrorPort(node)));
    return new Command(home, Map.of("DAMSELFLY_HOME", home.resolve("cli-" + node).toString())).run(all.toArray(String[]::new));
  }

  private static Path unpacked(String node, String image) throws Exception {
    Path into = Files.createTempDirectory(home, node).resolve("tree");
    Command.Result done = nydus(node, "unpack", image, "-O", into.toString());
    assertThat(done.code()).as(done.all() + cluster.log(node)).isZero();
    assertThat(done.err()).containsPattern(Pattern.quote(image) + " is sha256:[0-9a-f]{64}");
    return into;
  }

  /// How often a node became a member of a swarm.
  private static long joins(String node) throws IOException {
    return (cluster.audited("scheduler-1") + cluster.audited("scheduler-2")).lines()
        .filter(line -> line.contains("peer.join") && line.contains("/" + node + "\""))
        .count();
  }

  /// Bytes of a blob that a node's peer gave away, one number for each range.
  private static List<Long> exported(String node, String blobPath) throws IOException {
    var bytes = Pattern.compile("\"bytes\":\"([0-9]+)\"");
    String digest = blobPath.substring(blobPath.lastIndexOf(':') + 1);
    return cluster.audited(node).lines()
        .filter(line -> line.contains("\"export\"") && line.contains(digest))
        .map(line -> bytes.matcher(line).results().findFirst().map(found -> Long.parseLong(found.group(1))).orElse(-1L))
        .toList();
  }

  @Test
  @Threat({"S-NYD-2", "S-NYD-3"})
  void secondNode_readsWhatCameThroughTheFirst() throws Exception {
    var files = new TreeMap<>(Map.of("a-small", "small".repeat(SMALL / 5).getBytes(StandardCharsets.US_ASCII), "large", noise(LARGE, 2)));
    var image = NydusImages.publish(registry, "lib/lazy", files);
    String name = "registry.test/lib/lazy:v1";

    Command.Result small = nydus("p1", "ls", "-l", name);
    assertThat(small.code()).as(small.all() + cluster.log("p1")).isZero();
    assertThat(registry.bytesSent(image.blobPath())).as("no data before a file is read").isZero();
    Path first = unpacked("p1", name);
    long byFirst = registry.bytesSent(image.blobPath());
    long joinsBefore = joins("p2");
    assertThat(nydus("p2", "cat", name, "/a-small").code()).isZero();
    List<Long> onlySmall = exported("p2", image.blobPath());
    Path second = unpacked("p2", name);
    long bySecond = registry.bytesSent(image.blobPath()) - byFirst;

    for (var file : files.entrySet()) {
      assertThat(first.resolve(file.getKey())).hasBinaryContent(file.getValue());
      assertThat(second.resolve(file.getKey())).hasBinaryContent(file.getValue());
    }
    assertThat(onlySmall).as("one chunk").containsExactly((long) SMALL);
    assertThat(byFirst).isBetween((long) LARGE, image.blob().length + 64L);
    assertThat(bySecond).isLessThanOrEqualTo(image.blob().length / 50);
    // the layer with the bootstrap, the blob, and at most one more for the blob after a pause
    assertThat(joins("p2") - joinsBefore).as("registrations of the second node").isBetween(1L, 3L);
    System.out.println("blob " + image.blob().length + " bytes; registry sent " + byFirst + " for the first node, " + bySecond
        + " for the second; ranges " + exported("p2", image.blobPath()).size() + ", registrations " + (joins("p2") - joinsBefore));
  }

  @Test
  void image_ofTheNydusTools_isWhatItsReadersSaw_andIsRememberedWithoutAPeer() throws Exception {
    Golden golden = Golden.image("v6-merged");
    NydusImages.publish(registry, "lib/golden", golden);
    String name = "registry.test/lib/golden:v1";

    Path tree = unpacked("p2", name);
    var content = new ObjectMapper().readTree(golden.file("expected.json")).path("content");
    int compared = 0;
    for (var file : content.properties()) {
      Path path = tree.resolve(file.getKey().substring(1));
      if (Files.isRegularFile(path)) {
        assertThat(Registry.digest(Files.readAllBytes(path))).as(file.getKey()).endsWith(file.getValue().asText());
        compared++;
      }
    }
    assertThat(compared).isGreaterThan(100);

    String digest = nydus("p2", "ls", name).err().replaceAll("(?s).* is (sha256:[0-9a-f]{64}).*", "$1");
    Command.Result alone =
        new Command(home, Map.of("DAMSELFLY_HOME", home.resolve("cli-p2").toString()))
            .run("nydus", "cat", "registry.test/lib/golden@" + digest, "/data/aba", "--mirror", "http://127.0.0.1:9");
    assertThat(alone.code()).as(alone.err()).isZero();
    assertThat(alone.out()).hasSize(49152);
  }

  @Test
  @Threat("S-NYD-2")
  void flippedBit_neverReachesAReader() throws Exception {
    var files = new TreeMap<>(Map.of("bad", "y".repeat(3000).getBytes(StandardCharsets.US_ASCII), "good", "x".repeat(3000).getBytes(StandardCharsets.US_ASCII)));
    var image = NydusImages.publish(registry, "lib/flipped", files);
    String hex = image.blobPath().substring(image.blobPath().lastIndexOf(':') + 1);
    Path stored = home.resolve("registry/data/docker/registry/v2/blobs/sha256").resolve(hex.substring(0, 2)).resolve(hex).resolve("data");
    try (var file = new RandomAccessFile(stored.toFile(), "rw")) {
      file.seek(1000);
      file.write('z');
    }

    Command.Result bad = nydus("p1", "cat", "registry.test/lib/flipped:v1", "/bad");
    Command.Result good = nydus("p1", "cat", "registry.test/lib/flipped:v1", "/good");

    assertThat(bad.code()).as(bad.all()).isEqualTo(4);
    assertThat(bad.out()).isEmpty();
    assertThat(bad.err()).contains("NYD-M44");
    assertThat(good.code()).as(good.all()).isZero();
    assertThat(good.out()).isEqualTo("x".repeat(3000));
  }

  @Test
  void mount_showsTheContent_readOnly_andEndsWithItsProcess() throws Exception {
    assumeTrue(Files.exists(Path.of("/dev/fuse")) && Containerd.isInstalled("fusermount3"), "NOT RUN: needs FUSE");
    byte[] content = noise(3 << 20, 5);
    NydusImages.publish(registry, "lib/mounted", new TreeMap<>(Map.of("file", content)));
    Path directory = Files.createDirectory(home.resolve("mounted"));
    Command.Running mount =
        new Command(home, Map.of("DAMSELFLY_HOME", home.resolve("cli-mount").toString()))
            .start(
                "nydus", "mount", "registry.test/lib/mounted:v1", directory.toString(), "--authfile", auths.toString(), "--mirror",
                "http://127.0.0.1:" + cluster.mirrorPort("p2"));
    try {
      mount.awaitText("mounted at");
      assertThat(directory.resolve("file")).hasBinaryContent(content);
      assertThatThrownBy(() -> Files.createFile(directory.resolve("new"))).hasMessageContaining("Read-only");
    } finally {
      Command.stop(mount.process());
    }
    assertThat(directory).as("nothing stays mounted").isEmptyDirectory();
  }

  @Test
  @Threat("S-NYD-5")
  void strangers_andWrongWords_areToldWhy() throws Exception {
    NydusImages.publish(registry, "lib/closed", new TreeMap<>(Map.of("a", noise(100, 3))));
    Path nobody = Files.writeString(home.resolve("none.json"), "{}");
    String mirror = "http://127.0.0.1:" + cluster.mirrorPort("p1");
    var command = new Command(home, Map.of("DAMSELFLY_HOME", home.resolve("cli-stranger").toString()));

    Command.Result stranger =
        command.run("nydus", "ls", "registry.test/lib/closed:v1", "--authfile", nobody.toString(), "--mirror", mirror);
    Command.Result absent =
        command.run("nydus", "ls", "registry.test/lib/closed:v9", "--authfile", auths.toString(), "--mirror", mirror);
    Command.Result nowhere = command.run("nydus", "ls", "registry.test/lib/closed:v1", "--mirror", "http://127.0.0.1:9");

    assertThat(stranger.code()).as(stranger.all()).isEqualTo(3);
    assertThat(absent.code()).as(absent.all()).isEqualTo(5);
    assertThat(nowhere.code()).as(nowhere.all()).isEqualTo(6);
    assertThat(nowhere.err()).contains("--mirror");
    assertThat(stranger.all() + absent.all()).doesNotContain(Registry.PASSWORD, Registry.authorization().substring("Basic ".length()));
  }
}
