package dev.damselfly.dist.real;

import static org.assertj.core.api.Assertions.assertThat;

import dev.damselfly.api.assurance.Threat;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// An image of a real registry, pulled by a real client through the mirrors of two peers.
@NullMarked
@Tag("real")
@Timeout(300)
class RegistryMirrorTest {
  private static final int LAYER = 10 << 20;
  private static final String APP = TestImage.APP;

  private static Path home = Path.of("/nowhere");
  private static Registry registry;
  private static Cluster cluster;
  private static byte[] layer = {};

  @BeforeAll
  static void start() throws Exception {
    home = Files.createTempDirectory("df");
    registry = Registry.start(home.resolve("registry"));
    layer = TestImage.publish(registry, LAYER).layer();
    String mirror =
        Cluster.Plan.LOOPBACK
            + ", proxy: {listen: \"127.0.0.1:0\", upstreams: [{name: registry.test, url: \"" + registry.url() + "\"}]}";
    cluster = Cluster.start(home, Cluster.Plan.of(List.of("p1", "p2")).withSettings(Map.of("p1", mirror, "p2", mirror)));
  }

  @AfterAll
  static void stop() throws IOException {
    registry.close();
    cluster.close();
    Homes.delete(home);
  }

  private static String layerPath() throws IOException {
    return "/v2/" + APP + "/blobs/" + Registry.digest(layer);
  }

  private static Command.Result pull(String peer, Path into, String credentials) throws Exception {
    var words =
        new ArrayList<>(List.of("skopeo", "copy", "--src-tls-verify=false", "--src-creds", credentials));
    words.addAll(List.of("docker://127.0.0.1:" + cluster.mirrorPort(peer) + "/" + APP + ":v1", "dir:" + into));
    return Command.await(cluster.command().startProgram(words));
  }

  private static HttpResponse<byte[]> ask(String peer, String path, String... headers) throws Exception {
    try (var client = HttpClient.newHttpClient()) {
      var request = HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + cluster.mirrorPort(peer) + path));
      if (headers.length > 0) {
        request.headers(headers);
      }
      return client.send(request.build(), HttpResponse.BodyHandlers.ofByteArray());
    }
  }

  @Test
  @Threat({"S-PXY-11", "F-01"})
  void image_comesThroughTheMirrors_onceFromTheRegistry_andOnlyForItsUser() throws Exception {
    for (String peer : List.of("p1", "p2")) {
      Path image = Files.createTempDirectory(home, peer);
      Command.Result pulled = pull(peer, image, Registry.USER + ":" + Registry.PASSWORD);
      assertThat(pulled.code()).as(pulled.all() + cluster.log(peer)).isZero();
      assertThat(image.resolve(Registry.digest(layer).substring("sha256:".length()))).hasBinaryContent(layer);
    }
    assertThat(registry.bytesSent(layerPath())).isBetween((long) layer.length, layer.length + 64L);

    for (String peer : List.of("p1", "p2")) {
      Command.Result refused = pull(peer, Files.createTempDirectory(home, peer), "bob:secret-of-bob");
      assertThat(refused.code()).as(refused.all()).isNotZero();
      var stranger = ask(peer, layerPath());
      assertThat(stranger.statusCode()).isEqualTo(401);
      assertThat(stranger.headers().firstValue("WWW-Authenticate")).hasValue("Basic realm=\"registry-of-the-test\"");
      assertThat(ask(peer, layerPath(), "Authorization", "Basic Ym9iOmJvYg==", "Range", "bytes=0-3").statusCode()).isEqualTo(401);
      assertThat(cluster.audited(peer)).contains("cache.grant", "cache.deny", "proxy.forward", "export").doesNotContain(Registry.PASSWORD);
      assertThat(cluster.log(peer)).doesNotContain(Registry.authorization().substring("Basic ".length()));
    }
  }

  @Test
  void part_comesFromTheCache_andIsExplained() throws Exception {
    pull("p1", Files.createTempDirectory(home, "p1"), Registry.USER + ":" + Registry.PASSWORD);

    var part = ask("p1", layerPath() + "?ns=registry.test", "Authorization", Registry.authorization(), "Range", "bytes=" + (layer.length - 5) + "-");
    Command.Result why =
        cluster.command().run("explain", "registry.test/blob:" + APP + "@" + Registry.digest(layer), "--endpoint", cluster.socket("p1").toString());

    assertThat(part.statusCode()).isEqualTo(206);
    assertThat(part.body()).isEqualTo(java.util.Arrays.copyOfRange(layer, layer.length - 5, layer.length));
    assertThat(part.headers().firstValue("X-Dragonfly-Task-Download-Finished")).hasValue("true");
    assertThat(why.code()).as(why.all()).isZero();
    assertThat(why.out()).contains(part.headers().firstValue("X-Dragonfly-Task-ID").orElseThrow().substring(0, 12));
  }
}
