package dev.damselfly.dist.real;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.damselfly.api.assurance.Threat;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeSet;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// Unmodified clients at the proxies of two peers that have callers: curl, skopeo, crane, huggingface_hub.
@NullMarked
@Tag("real")
@Timeout(300)
class ProxyClientsTest {
  private static final String TOKEN = "0a1b2c3d4e5f60718293a4b5c6d7e8f9";
  private static final String OTHER = "f9e8d7c6b5a493827160f5e4d3c2b1a0";
  private static final int NOISE = 9 << 20;
  private static final byte[] LARGE = noise(9 << 20);
  private static final String COMMIT = "0123456789abcdef0123456789abcdef01234567";

  private static Path home = Path.of("/nowhere");
  private static Registry registry;
  private static Registry second;
  private static Nginx nginx;
  private static Cluster cluster;
  private static TestImage image;

  @BeforeAll
  static void start() throws Exception {
    home = Files.createTempDirectory("df");
    registry = Registry.start(home.resolve("registry"));
    second = Registry.start(home.resolve("second"));
    nginx = Nginx.start(home.resolve("nginx"), hub());
    image = TestImage.publish(registry, NOISE);
    for (String name : List.of("big/f", "lfs/" + sha256(LARGE), "config.json")) {
      Files.createDirectories(nginx.file(name).getParent());
      Files.write(nginx.file(name), name.endsWith("json") ? "{\"tiny\":true}".getBytes(StandardCharsets.US_ASCII) : LARGE);
    }
    String proxy =
        """
        , proxy: {listen: "127.0.0.1:0", callers: {credentials: "%s"},
          upstreams: [
            {name: registry.test, url: "%s", callers: [ci], this-host: true, default: true},
            {name: second.test, url: "%s", this-host: true}],
          forward: [
            {name: files.test, url: "%s", swarm: ["/big/"], callers: [ci]},
            {name: cdn.test, url: "%s", swarm: ["/lfs/"]},
            {name: hub.test, url: "%s", swarm: ["/acme/"], default: true, this-host: true}]}"""
            .formatted(callers(), registry.url(), second.url(), nginx.url(""), nginx.url(""), nginx.url(""));
    String settings = Cluster.Plan.LOOPBACK + proxy;
    cluster = Cluster.start(home, Cluster.Plan.of(List.of("p1", "p2")).withSettings(Map.of("p1", settings, "p2", settings)));
  }

  @AfterAll
  static void stop() throws IOException {
    registry.close();
    second.close();
    nginx.close();
    cluster.close();
    Homes.delete(home);
  }

  private static byte[] noise(int length) {
    var bytes = new byte[length];
    new Random(7).nextBytes(bytes);
    return bytes;
  }

  private static String sha256(byte[] content) throws IOException {
    try {
      return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(content));
    } catch (java.security.NoSuchAlgorithmException e) {
      throw new IOException(e);
    }
  }

  private static Path callers() throws IOException {
    var mode = PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------"));
    Path file = Files.createDirectory(home.resolve("proxy"), mode).resolve("callers");
    Files.createFile(file, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
    byte[] ci = TOKEN.getBytes(StandardCharsets.US_ASCII);
    byte[] dev = OTHER.getBytes(StandardCharsets.US_ASCII);
    return Files.writeString(file, "ci:sha256:" + sha256(ci) + "\ndev:sha256:" + sha256(dev) + "\n");
  }

  /// Two repositories of models as the hub serves them, each with a small file and a large one: in `acme/near` the hub has
  /// it, in `acme/far` another host.
  private static String hub() throws IOException {
    String sum = sha256(LARGE);
    Path files = home.resolve("nginx").resolve("files");
    String far =
        "add_header X-Linked-Size %d always; add_header X-Linked-Etag '\"%s\"' always; return 302 http://cdn.test/lfs/%s?Signature=sig;"
            .formatted(LARGE.length, sum, sum);
    return repository("acme/near", "alias " + files.resolve("lfs").resolve(sum) + ";") + repository("acme/far", far);
  }

  private static String repository(String name, String large) throws IOException {
    String model =
        "{\"_id\":\"1\",\"id\":\"" + name + "\",\"modelId\":\"" + name + "\",\"sha\":\"" + COMMIT + "\",\"private\":false,\"tags\":[],\"downloads\":0,\"likes\":0,"
            + "\"siblings\":[{\"rfilename\":\"config.json\"},{\"rfilename\":\"model.safetensors\"}]}";
    String tree =
        "[{\"type\":\"file\",\"oid\":\"9ad7b74e4cba7355811a595a2e179963435b6384\",\"size\":13,\"path\":\"config.json\"},"
            + "{\"type\":\"file\",\"oid\":\"bfa655111293037a5564088d1a9bbca4cbcf446b\",\"size\":" + LARGE.length + ",\"path\":\"model.safetensors\","
            + "\"lfs\":{\"oid\":\"" + sha256(LARGE) + "\",\"size\":" + LARGE.length + ",\"pointerSize\":134}}]";
    return """
        location = /api/models/%1$s/revision/main { default_type application/json; return 200 '%2$s'; }
        location = /api/models/%1$s/tree/%3$s { default_type application/json; return 200 '%4$s'; }
        location = /%1$s/resolve/%3$s/config.json { alias %5$s; add_header X-Repo-Commit %3$s; add_header Vary Origin; }
        location = /%1$s/resolve/%3$s/model.safetensors { add_header X-Repo-Commit %3$s always; add_header Vary Origin always; %6$s }
        """
        .formatted(name, model, COMMIT, tree, home.resolve("nginx").resolve("files").resolve("config.json"), large);
  }

  private static String address(String peer) throws IOException, InterruptedException {
    return "127.0.0.1:" + cluster.mirrorPort(peer);
  }

  private static String proxy(String peer, String caller) throws IOException, InterruptedException {
    return "http://" + (caller.isEmpty() ? "" : caller + "@") + address(peer);
  }

  private static Command.Result run(List<String> environment, String... words) throws IOException, InterruptedException {
    var all = new ArrayList<>(List.of("env", "-u", "no_proxy", "-u", "NO_PROXY"));
    all.addAll(environment);
    all.addAll(List.of(words));
    return Command.await(cluster.command().startProgram(all));
  }

  private static Command.Result curl(String peer, String caller, String... words) throws IOException, InterruptedException {
    var all = new ArrayList<>(List.of("curl", "-q", "-sS", "-w", "\n%{http_code} %{http_connect}"));
    all.addAll(List.of(words));
    return run(List.of("http_proxy=" + proxy(peer, caller), "https_proxy=" + proxy(peer, caller)), all.toArray(String[]::new));
  }

  @Test
  void curl_getsLargeFiles_onceFromTheServer() throws Exception {
    for (String peer : List.of("p1", "p2")) {
      Path out = home.resolve(peer + "-f");
      Command.Result got = curl(peer, "ci:" + TOKEN, "-o", out.toString(), "-D", home.resolve(peer + "-head").toString(), "http://files.test/big/f");
      assertThat(got.code()).as(got.all() + cluster.log(peer)).isZero();
      assertThat(out).hasBinaryContent(LARGE);
      assertThat(home.resolve(peer + "-head")).content().contains("X-Dragonfly-Task-ID: ");

      Files.write(out, Arrays.copyOf(LARGE, 1000));
      assertThat(curl(peer, "ci:" + TOKEN, "-C", "-", "-o", out.toString(), "http://files.test/big/f").out()).endsWith("\n206 000");
      assertThat(out).hasBinaryContent(LARGE);
    }
    assertThat(nginx.bytesSent("/big/f")).isBetween((long) LARGE.length, LARGE.length + 64L);
    assertThat(cluster.audited("p1")).contains("proxy:ci").doesNotContain(TOKEN);
    assertThat(cluster.log("p1")).doesNotContain(TOKEN);
  }

  @Test
  void curl_getsAnswersOfHttp() throws Exception {
    String url = "http://files.test/config.json";
    String ci = "ci:" + TOKEN;

    assertThat(curl("p1", ci, url).out()).isEqualTo("{\"tiny\":true}\n200 000");
    assertThat(curl("p1", ci, "-r", "1-3", url).out()).isEqualTo("\"ti\n206 000");
    assertThat(curl("p1", ci, "-r", "99-", url).out()).endsWith("\n416 000");
    assertThat(curl("p1", ci, "-I", url).out()).contains("Content-Length: 13\r\n", "Accept-Ranges: bytes\r\n").doesNotContain("Server:");
    assertThat(curl("p1", ci, "-H", "If-None-Match: *", url).out()).endsWith("\n304 000");
    assertThat(curl("p1", ci, "http://files.test/none").out()).endsWith("\n404 000");
    assertThat(curl("p1", ci, url, url).out()).endsWith("{\"tiny\":true}\n200 000");
  }

  @Test
  @Threat({"S-PXY-6", "S-PXY-8"})
  void curl_isTurnedAway_withoutACallersToken() throws Exception {
    String url = "http://files.test/config.json";
    int before = nginx.log().size();

    for (String who : List.of("", "ci:" + OTHER, "nobody:" + TOKEN, "ci:short")) {
      assertThat(curl("p1", who, url).out()).as(who).endsWith("\n407 000").doesNotContain("tiny");
    }
    assertThat(curl("p1", "dev:" + OTHER, url).out()).endsWith("\n403 000");
    assertThat(curl("p1", "ci:" + TOKEN, "http://elsewhere.test/").out()).endsWith("\n421 000");
    Command.Result tunnel = curl("p1", "ci:" + TOKEN, "https://files.test/config.json");
    assertThat(tunnel.code()).isNotZero();
    assertThat(tunnel.out()).endsWith("\n000 405");
    assertThat(nginx.log()).hasSize(before);
  }

  private static Command.Result skopeo(String peer, String caller, String credentials, Path into) throws IOException, InterruptedException {
    var environment = List.of("HTTP_PROXY=" + proxy(peer, caller), "HTTPS_PROXY=" + proxy(peer, caller));
    return run(
        environment, "skopeo", "copy", "--src-tls-verify=false", "--src-creds", credentials, "docker://registry.test/" + TestImage.APP + ":v1", "dir:" + into);
  }

  @Test
  @Threat({"S-PXY-6", "S-PXY-11"})
  void skopeo_pullsThroughTheProxy_withBothCredentialsOnly() throws Exception {
    String alice = Registry.USER + ":" + Registry.PASSWORD;
    Path pulled = Files.createTempDirectory(home, "s");

    Command.Result good = skopeo("p1", "ci:" + TOKEN, alice, pulled);
    assertThat(good.code()).as(good.all() + cluster.log("p1")).isZero();
    assertThat(image.in(pulled)).hasBinaryContent(image.layer());

    for (String[] wrong : new String[][] {{"", alice}, {"ci:" + OTHER, alice}, {"dev:" + OTHER, alice}, {"ci:" + TOKEN, "bob:x"}}) {
      Command.Result refused = skopeo("p1", wrong[0], wrong[1], Files.createTempDirectory(home, "s"));
      assertThat(refused.code()).as(refused.all()).isNotZero();
    }
  }

  @Test
  void skopeo_pullsFromTheMirror_thatIsOpenToTheHost() throws Exception {
    Path pulled = Files.createTempDirectory(home, "s");

    Command.Result good =
        run(
            List.of(), "skopeo", "copy", "--src-tls-verify=false", "--src-creds", Registry.USER + ":" + Registry.PASSWORD,
            "docker://" + address("p2") + "/" + TestImage.APP + ":v1", "dir:" + pulled);

    assertThat(good.code()).as(good.all() + cluster.log("p2")).isZero();
    assertThat(image.in(pulled)).hasBinaryContent(image.layer());
  }

  private static Path installed(String program) {
    String cache = System.getenv().getOrDefault("DAMSELFLY_INTEROP", System.getProperty("user.home") + "/.cache/damselfly/interop");
    Path path = Path.of(cache).resolve(program);
    assumeTrue(Files.isExecutable(path), "NOT RUN: " + program + " is not installed; see interop/install.d");
    return path;
  }

  @Test
  void crane_pullsThroughTheProxy() throws Exception {
    Path crane = installed("crane/bin/crane");
    Path config = Files.createTempDirectory(home, "c");
    String pair = Registry.authorization().substring("Basic ".length());
    Files.writeString(config.resolve("config.json"), "{\"auths\":{\"registry.test\":{\"auth\":\"" + pair + "\"}}}");
    Path blob = home.resolve("crane-blob");
    String name = "registry.test/" + TestImage.APP;

    for (String caller : List.of("ci:" + TOKEN, "")) {
      var environment = List.of("HTTP_PROXY=" + proxy("p1", caller), "HTTPS_PROXY=" + proxy("p1", caller), "DOCKER_CONFIG=" + config);
      Command.Result manifest = run(environment, crane.toString(), "manifest", "--insecure", name + ":v1");
      assertThat(manifest.code() == 0).as(manifest.all()).isEqualTo(!caller.isEmpty());
      Command.Result got =
          run(environment, "sh", "-c", "exec \"$0\" \"$@\" > " + blob, crane.toString(), "blob", "--insecure", name + "@" + Registry.digest(image.layer()));
      assertThat(got.code() == 0).as(got.all()).isEqualTo(!caller.isEmpty());
      if (!caller.isEmpty()) {
        assertThat(blob).hasBinaryContent(image.layer());
      }
    }
  }

  @Test
  void huggingfaceHub_downloadsARepository_throughTheProxyAndFromTheMirror() throws Exception {
    Path python = installed("huggingface/bin/python");
    String script = "import sys; from huggingface_hub import snapshot_download as d; print(d(sys.argv[1]))";
    var common = List.of("HF_HUB_DISABLE_TELEMETRY=1", "HF_HUB_DISABLE_XET=1", "HF_HUB_DISABLE_PROGRESS_BARS=1", "HF_HUB_ETAG_TIMEOUT=60");
    for (boolean byProxy : new boolean[] {true, false}) {
      for (String peer : List.of("p1", "p2")) {
        var environment = new ArrayList<>(common);
        environment.add("HF_HOME=" + Files.createTempDirectory(home, "hf"));
        environment.addAll(
            byProxy
                ? List.of("HF_ENDPOINT=http://hub.test", "http_proxy=" + proxy(peer, "dev:" + OTHER))
                : List.of("HF_ENDPOINT=http://" + address(peer)));
        Command.Result got = run(environment, python.toString(), "-c", script, byProxy ? "acme/far" : "acme/near");
        assertThat(got.code()).as(got.all() + cluster.log(peer)).isZero();
        Path snapshot = Path.of(got.out().strip().lines().reduce((_, last) -> last).orElseThrow());
        assertThat(snapshot.resolve("config.json")).hasContent("{\"tiny\":true}");
        assertThat(snapshot.resolve("model.safetensors")).hasBinaryContent(LARGE);
      }
    }
    assertThat(cluster.audited("p2")).contains("cdn.test/lfs/", "hub.test/acme/near/").doesNotContain("Signature");
    for (String path : List.of("/lfs/" + sha256(LARGE), "/acme/near/resolve/" + COMMIT + "/model.safetensors")) {
      long sent = nginx.bytesSent(path);
      System.out.println("a model of " + LARGE.length + " bytes for two hosts; the server sent " + sent);
      assertThat(sent).isBetween((long) LARGE.length, LARGE.length + 64L);
    }
  }

  private static HttpResponse<byte[]> ask(String method, String path, String authorization, String... more) throws Exception {
    try (var client = HttpClient.newHttpClient()) {
      var request = HttpRequest.newBuilder(URI.create("http://" + address("p1") + path + "?ns=second.test"));
      request.method(method, HttpRequest.BodyPublishers.noBody()).header("Authorization", authorization);
      if (more.length > 0) {
        request.headers(more);
      }
      return client.send(request.build(), HttpResponse.BodyHandlers.ofByteArray());
    }
  }

  /// Status and names of the headers of every answer to one without rights.
  private static List<String> refusals(String path) throws Exception {
    var all = new ArrayList<String>();
    String bob = "Basic Ym9iOnNlY3JldC1vZi1ib2I=";
    for (String method : List.of("GET", "HEAD")) {
      for (String[] how : new String[][] {{}, {"Range", "bytes=0-0"}, {"Range", "bytes=-1"}, {"If-None-Match", "*"}, {"If-Range", "\"x\"", "Range", "bytes=0-"}}) {
        int before = second.statuses(path).size();
        var answer = ask(method, path, bob, how);
        assertThat(second.awaitStatuses(path, before)).as("the registry said no itself").contains("401").doesNotContain("200", "206", "304");
        all.add(method + " " + String.join("=", how) + ": " + answer.statusCode() + " " + answer.body().length + " " + new TreeSet<>(answer.headers().map().keySet()));
      }
    }
    return all;
  }

  @Test
  @Threat({"S-PXY-11", "F-01"})
  void registry_isAskedBeforeTheCache_andItsNoLooksTheSameWithAndWithout() throws Exception {
    TestImage secret = TestImage.publish(second, 5 << 20);
    String path = secret.path();
    String alice = Registry.authorization();

    List<String> uncached = refusals(path);
    assertThat(ask("GET", path, alice).body()).isEqualTo(secret.layer());
    int exports = exports();
    assertThat(refusals(path)).isEqualTo(uncached).allSatisfy(line -> assertThat(line).contains(": 401 "));
    assertThat(exports()).as("nothing of the cache was read for them").isEqualTo(exports);

    int before = second.statuses(path).size();
    assertThat(ask("GET", path, alice.replace("Basic", "basic")).body()).isEqualTo(secret.layer());
    assertThat(second.awaitStatuses(path, before)).as("other credentials, another question").contains("206");
    String audit = cluster.audited("p1");
    assertThat(audit.lastIndexOf("\"cache.grant\"")).isPositive().isLessThan(audit.lastIndexOf("\"export\""));

    second.close();
    var unasked = ask("GET", path, alice.replace("Basic", "BASIC"));
    assertThat(unasked.statusCode()).isEqualTo(502);
    assertThat(exports()).isEqualTo(exports + 1);
    assertThat(ask("GET", path, alice).body()).as("it lies in the cache, for those who were let have it").isEqualTo(secret.layer());
  }

  private static int exports() throws IOException {
    return cluster.audited("p1").split("\"export\"", -1).length - 1;
  }
}
