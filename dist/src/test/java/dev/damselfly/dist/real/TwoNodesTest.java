package dev.damselfly.dist.real;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.damselfly.api.assurance.Threat;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// Two hosts, each a network namespace with a peer and a client of its mirror.
@NullMarked
@Tag("real")
@Timeout(300)
class TwoNodesTest {
  private static final int NOISE = 16 << 20;

  private final Deque<AutoCloseable> started = new ArrayDeque<>();
  private Path home = Path.of("/nowhere");

  @BeforeEach
  void require() throws IOException {
    boolean root = Files.getOwner(Path.of("/proc/self")).getName().equals("root");
    assumeTrue(root && Containerd.isInstalled("ip"), "NOT RUN: needs root and iproute2");
    home = Files.createTempDirectory("df");
  }

  @AfterEach
  void stop() throws Exception {
    while (!started.isEmpty()) {
      started.pop().close();
    }
    Homes.delete(home);
  }

  private <T extends AutoCloseable> T closed(T resource) {
    started.push(resource);
    return resource;
  }

  private Spaces spaces() throws InterruptedException {
    try {
      return closed(Spaces.open(home, List.of("p1", "p2")));
    } catch (IOException refused) {
      assumeTrue(false, "NOT RUN: this system lets nobody make network namespaces");
      throw new IllegalStateException(refused);
    }
  }

  @Test
  void secondNode_getsTheImageFromTheFirst() throws Exception {
    Spaces spaces = spaces();
    Registry registry = closed(Registry.start(home.resolve("registry"), spaces.address("registry")));
    TestImage image = TestImage.publish(registry, NOISE);
    Cluster cluster = cluster(spaces, registry);

    long first = pull("p1", spaces, cluster, registry, image);
    long second = pull("p2", spaces, cluster, registry, image) - first;

    System.out.println("layer " + image.layer().length + " bytes; registry sent " + first + " for the first node, " + second + " for the second");
    assertThat(first).isBetween((long) image.layer().length, image.layer().length + 64L);
    assertThat(second).isLessThanOrEqualTo(image.layer().length / 50);
  }

  @Test
  @Threat("S-NYD-3")
  void secondNode_readsANydusImage_throughTheFirst() throws Exception {
    Spaces spaces = spaces();
    Registry registry = closed(Registry.start(home.resolve("registry"), spaces.address("registry")));
    var content = new byte[NOISE];
    new Random(20261127).nextBytes(content);
    var image = NydusImages.publish(registry, "lib/lazy", new TreeMap<>(Map.of("file", content)));
    String word = Registry.authorization().substring("Basic ".length());
    Path auths = Files.writeString(home.resolve("auth.json"), "{\"auths\":{\"registry.test\":{\"auth\":\"" + word + "\"}}}");
    Cluster cluster = cluster(spaces, registry);

    assertThat(unpacked("p1", spaces, cluster, auths).resolve("file")).hasBinaryContent(content);
    long first = registry.bytesSent(image.blobPath());
    assertThat(unpacked("p2", spaces, cluster, auths).resolve("file")).hasBinaryContent(content);
    long second = registry.bytesSent(image.blobPath()) - first;

    System.out.println("blob " + image.blob().length + " bytes; registry sent " + first + " for the first node, " + second + " for the second");
    assertThat(first).isBetween((long) content.length, image.blob().length + 64L);
    assertThat(second).isLessThanOrEqualTo(image.blob().length / 50);
  }

  private Cluster cluster(Spaces spaces, Registry registry) throws IOException, InterruptedException {
    String settings =
        "egress: {rules: [{name: test, schemes: [http], networks: [\"%s\"]}]}, proxy: {listen: \"127.0.0.1:0\", upstreams: [{name: registry.test, url: \"%s\"}]}"
            .formatted(spaces.block(), registry.url());
    return closed(
        Cluster.start(home, Cluster.Plan.of(List.of("p1", "p2")).withSettings(Map.of("p1", settings, "p2", settings)).withSpaces(spaces)));
  }

  private Path unpacked(String node, Spaces spaces, Cluster cluster, Path auths) throws Exception {
    Path into = Files.createTempDirectory(home, node).resolve("tree");
    String mirror = "http://127.0.0.1:" + cluster.mirrorPort(node);
    Command.Result done =
        Command.await(
            new Command(home, Map.of("DAMSELFLY_HOME", home.resolve("cli-" + node).toString()))
                .startAs(
                    spaces.wrapper(node), "nydus", "unpack", "registry.test/lib/lazy:v1", "-O", into.toString(), "--authfile", auths.toString(),
                    "--mirror", mirror));
    assertThat(done.code()).as(done.all() + cluster.log(node)).isZero();
    return into;
  }

  /// @return bytes of the layer that the registry sent so far
  private long pull(String node, Spaces spaces, Cluster cluster, Registry registry, TestImage image) throws Exception {
    Path into = Files.createTempDirectory(home, node);
    var words = new ArrayList<>(spaces.wrapper(node));
    words.addAll(List.of("skopeo", "copy", "--src-tls-verify=false", "--src-creds", Registry.USER + ":" + Registry.PASSWORD));
    words.addAll(List.of("docker://127.0.0.1:" + cluster.mirrorPort(node) + "/" + TestImage.APP + ":v1", "dir:" + into));
    Command.Result pulled = Command.await(cluster.command().startProgram(words));
    assertThat(pulled.code()).as(pulled.all() + cluster.log(node)).isZero();
    assertThat(image.in(into)).hasBinaryContent(image.layer());
    return registry.bytesSent(image.path());
  }
}
