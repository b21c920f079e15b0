package dev.damselfly.peer.proxy;

import dev.damselfly.api.id.Sha256;
import dev.damselfly.peer.origin.ScriptedOrigin;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.NullMarked;

/// A small registry for reading: manifests and blobs by repository, ranges, and for protected repositories a list of
/// `Authorization` values. Its answers carry what must not be passed on. Thread-safe.
@NullMarked
final class TestRegistry implements AutoCloseable {
  static final String CANARY = "canary-of-the-registry";
  private static final String[] NOISE = {
    "Set-Cookie: session=" + CANARY, "X-Internal: " + CANARY, "Server: " + CANARY, "Via: 1.1 " + CANARY
  };

  private final Map<String, Content> contents = new ConcurrentHashMap<>();
  private final Map<String, Set<String>> allowed = new ConcurrentHashMap<>();
  private final ScriptedOrigin origin;
  private volatile String challenge = "Basic realm=\"test\"";
  private volatile Optional<ScriptedOrigin.Script> instead = Optional.empty();

  private record Content(byte[] bytes, String digest) {}

  private TestRegistry() throws IOException {
    origin = ScriptedOrigin.start(this::answer);
  }

  static TestRegistry start() throws IOException {
    return new TestRegistry();
  }

  static String digest(byte[] content) {
    MessageDigest digest = Sha256.newDigest();
    return "sha256:" + Sha256.of(digest.digest(content)).hex();
  }

  /// @return path of the blob
  String blob(String repository, byte[] content) {
    return blob(repository, content, digest(content));
  }

  /// @param digest of the content, for who knows it
  /// @return path of the blob
  String blob(String repository, byte[] content, String digest) {
    String path = "/v2/" + repository + "/blobs/" + digest;
    contents.put(path, new Content(content, digest));
    return path;
  }

  /// @return path of the manifest by its digest
  String manifest(String repository, String tag, byte[] content) {
    put("/v2/" + repository + "/manifests/" + tag, content);
    return put("/v2/" + repository + "/manifests/" + digest(content), content);
  }

  String put(String path, byte[] content) {
    contents.put(path, new Content(content, digest(content)));
    return path;
  }

  /// From now on the repository is for those who send one of these values.
  void protect(String repository, String... authorizations) {
    allowed.put(repository, Set.of(authorizations));
  }

  void challenge(String value) {
    challenge = value;
  }

  /// Answers otherwise from now on.
  void instead(ScriptedOrigin.Script script) {
    instead = Optional.of(script);
  }

  String url() {
    return origin.url("");
  }

  int port() {
    return origin.port();
  }

  List<ScriptedOrigin.Seen> requests() {
    return origin.requests();
  }

  List<ScriptedOrigin.Seen> requests(String path) {
    return origin.requests().stream().filter(seen -> seen.target().equals(path)).toList();
  }

  private void answer(ScriptedOrigin.Exchange exchange) throws IOException, InterruptedException {
    String path = exchange.target().replaceAll("\\?.*", "");
    if (!mayRead(path, exchange.header("authorization"))) {
      boolean known = !exchange.header("authorization").isEmpty();
      send(exchange, known ? 403 : 401, "{}".getBytes(StandardCharsets.US_ASCII), "WWW-Authenticate: " + challenge);
    } else if (instead.isPresent()) {
      instead.get().answer(exchange);
    } else {
      serve(exchange, path);
    }
  }

  private boolean mayRead(String path, String authorization) {
    return allowed.entrySet().stream()
        .noneMatch(entry -> path.startsWith("/v2/" + entry.getKey() + "/") && !entry.getValue().contains(authorization));
  }

  /// As a registry does when nobody interferes.
  void serve(ScriptedOrigin.Exchange exchange, String path) throws IOException {
    byte[] api = "{}".getBytes(StandardCharsets.US_ASCII);
    Content content = path.equals("/v2/") ? new Content(api, digest(api)) : contents.get(path);
    if (content == null) {
      send(exchange, 404, "{}".getBytes(StandardCharsets.US_ASCII));
      return;
    }
    String type = path.contains("/manifests/") ? "application/vnd.oci.image.manifest.v1+json" : "application/octet-stream";
    String tag = "ETag: \"" + content.digest() + "\"";
    String name = "Docker-Content-Digest: " + content.digest();
    if (exchange.header("if-none-match").equals("\"" + content.digest() + "\"")) {
      exchange.head(304, noisy(tag, name));
      return;
    }
    String range = exchange.header("range");
    if (range.isEmpty() || path.contains("/manifests/")) {
      send(exchange, 200, content.bytes(), "Content-Type: " + type, tag, name);
      return;
    }
    part(exchange, content.bytes(), range, tag, name);
  }

  private static void part(ScriptedOrigin.Exchange exchange, byte[] content, String range, String... about) throws IOException {
    String[] ends = range.substring("bytes=".length()).split("-");
    int first = Integer.parseInt(ends[0]);
    if (first >= content.length) {
      send(exchange, 416, new byte[0], "Content-Range: bytes */" + content.length);
      return;
    }
    int last = Math.min(Integer.parseInt(ends[1]), content.length - 1);
    var head = new ArrayList<>(List.of(about));
    head.add("Content-Range: bytes " + first + "-" + last + "/" + content.length);
    head.add("Content-Length: " + (last - first + 1));
    exchange.head(206, noisy(head.toArray(String[]::new))).body(content, first, last - first + 1);
  }

  private static void send(ScriptedOrigin.Exchange exchange, int status, byte[] body, String... about) throws IOException {
    var head = new ArrayList<>(List.of(about));
    head.add("Content-Length: " + body.length);
    exchange.head(status, noisy(head.toArray(String[]::new))).body(body);
  }

  private static String[] noisy(String... lines) {
    var all = new HashSet<>(List.of(lines));
    all.addAll(List.of(NOISE));
    return all.toArray(String[]::new);
  }

  @Override
  public void close() throws IOException {
    origin.close();
  }
}
