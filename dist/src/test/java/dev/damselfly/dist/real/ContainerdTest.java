package dev.damselfly.dist.real;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.damselfly.api.assurance.Threat;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.zip.GZIPOutputStream;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// A real containerd, told by `damselfly runtime`, pulls an image of a real registry through the mirrors of two peers.
@NullMarked
@Tag("real")
@Timeout(300)
class ContainerdTest {
  private static final int NOISE = 10 << 20;
  private static final String APP = "lib/app";
  private static final String IMAGE = "registry.test/" + APP + ":v1";

  private final Deque<AutoCloseable> started = new ArrayDeque<>();
  private Path home = Path.of("/nowhere");

  @BeforeEach
  void require() throws IOException {
    boolean root = Files.getOwner(Path.of("/proc/self")).getName().equals("root");
    assumeTrue(root && Containerd.isInstalled("containerd"), "NOT RUN: needs containerd, and root");
    assumeTrue(Files.isExecutable(Path.of("/bin/busybox")), "NOT RUN: needs a static busybox for the image");
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

  /// A layer with a shell and some noise: the archive, and as it is sent.
  private record Layer(byte[] tar, byte[] sent) {
    static Layer make(Path home, Command command) throws IOException, InterruptedException {
      Path bin = Files.createDirectories(home.resolve("img").resolve("bin"));
      Files.copy(Path.of("/bin/busybox"), bin.resolve("busybox"));
      Files.createSymbolicLink(bin.resolve("sh"), Path.of("busybox"));
      var noise = new byte[NOISE];
      new Random(20261126).nextBytes(noise);
      Files.write(home.resolve("img").resolve("noise"), noise);
      Path tar = home.resolve("layer.tar");
      List<String> words = List.of("tar", "--owner=0", "--group=0", "--mtime=@0", "--sort=name", "-C", home.resolve("img").toString(), "-cf", tar.toString(), ".");
      Command.Result made = Command.await(command.startProgram(words));
      assertThat(made.code()).as(made.all()).isZero();
      byte[] content = Files.readAllBytes(tar);
      var out = new ByteArrayOutputStream();
      try (var gzip = new GZIPOutputStream(out)) {
        gzip.write(content);
      }
      return new Layer(content, out.toByteArray());
    }

    String path() throws IOException {
      return "/v2/" + APP + "/blobs/" + Registry.digest(sent);
    }
  }

  private static byte[] ascii(String text) {
    return text.getBytes(StandardCharsets.US_ASCII);
  }

  private static void publish(Registry registry, Layer layer) throws IOException, InterruptedException {
    byte[] config =
        ascii(
            "{\"architecture\":\"amd64\",\"os\":\"linux\",\"config\":{},\"rootfs\":{\"type\":\"layers\",\"diff_ids\":[\"%s\"]}}"
                .formatted(Registry.digest(layer.tar())));
    byte[] manifest =
        ascii(
            """
            {"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json",
            "config":{"mediaType":"application/vnd.oci.image.config.v1+json","digest":"%s","size":%d},
            "layers":[{"mediaType":"application/vnd.oci.image.layer.v1.tar+gzip","digest":"%s","size":%d}]}"""
                .formatted(Registry.digest(config), config.length, Registry.digest(layer.sent()), layer.sent().length));
    registry.blob(APP, layer.sent());
    registry.blob(APP, config);
    registry.manifest(APP, "v1", manifest);
  }

  @Test
  @Threat("S-RTC-1")
  void image_isPulledByTwoNodes_onceFromTheRegistry_andRuns() throws Exception {
    Registry registry = closed(Registry.start(home.resolve("registry")));
    String mirror =
        Cluster.Plan.LOOPBACK
            + ", proxy: {listen: \"127.0.0.1:0\", upstreams: [{name: registry.test, url: \"" + registry.url() + "\"}]}";
    Cluster cluster =
        closed(Cluster.start(home, Cluster.Plan.of(List.of("p1", "p2")).withSettings(Map.of("p1", mirror, "p2", mirror))));
    Layer layer = Layer.make(home, cluster.command());
    publish(registry, layer);

    long first = pull("p1", registry, cluster, layer);
    long second = pull("p2", registry, cluster, layer) - first;

    System.out.println("layer " + layer.sent().length + " bytes; registry sent " + first + ", then " + second);
    assertThat(first).isBetween((long) layer.sent().length, layer.sent().length + 64L);
    assertThat(second).isLessThanOrEqualTo(layer.sent().length / 50);
    assertThat(cluster.audited("p2")).contains("proxy.forward").doesNotContain(Registry.PASSWORD);
  }

  /// One node: its files, its containerd, the pull, and the undo.
  ///
  /// @return bytes of the layer that the registry sent so far
  private long pull(String peer, Registry registry, Cluster cluster, Layer layer) throws Exception {
    Path hosts = home.resolve(peer + "-certs.d");
    Command.Result told =
        cluster.command()
            .run("runtime", "containerd", "--write", "--dir", hosts.toString(),
                "--mirror", "http://127.0.0.1:" + cluster.mirrorPort(peer), "--registry", "registry.test=" + registry.url());
    assertThat(told.code()).as(told.all()).isZero();
    try (Containerd containerd = Containerd.start(home.resolve(peer + "-ctd"), cluster.command())) {
      Command.Result pulled =
          containerd.ctr("images", "pull", "--snapshotter", "native", "--user", Registry.USER + ":" + Registry.PASSWORD,
              "--hosts-dir", hosts.toString(), IMAGE);
      assertThat(pulled.code()).as(pulled.all() + cluster.log(peer)).isZero();
      if (Containerd.isInstalled("runc")) {
        Command.Result ran = containerd.ctr("run", "--rm", "--snapshotter", "native", IMAGE, "t-" + peer, "/bin/sh", "-c", "echo ran on " + peer);
        assertThat(ran.out()).as(ran.all()).isEqualTo("ran on " + peer + "\n");
      }
      assertThat(cluster.audited(peer)).contains(Registry.digest(layer.sent()));
    }
    assertThat(cluster.command().run("runtime", "containerd", "--undo", "--dir", hosts.toString()).code()).isZero();
    assertThat(hosts).isEmptyDirectory();
    return registry.bytesSent(layer.path());
  }
}
