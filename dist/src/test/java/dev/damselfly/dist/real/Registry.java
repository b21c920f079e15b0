package dev.damselfly.dist.real;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.bouncycastle.crypto.generators.OpenBSDBCrypt;

/// The registry of the distribution project, on a loopback port of its own, for one user.
final class Registry implements AutoCloseable {
  static final String USER = "alice";
  static final String PASSWORD = "secret-of-alice";
  private static final String ADDRESS = "127.0.0.1";
  private static final int BCRYPT_COST = 4;

  private final HttpClient client = HttpClient.newHttpClient();
  private final Path home;
  private final RegistryProcess process;

  private Registry(Path home, RegistryProcess process) {
    this.home = home;
    this.process = process;
  }

  static Registry start(Path home) throws IOException, InterruptedException {
    return start(home, ADDRESS);
  }

  /// @param address of this host
  static Registry start(Path home, String address) throws IOException, InterruptedException {
    Files.createDirectories(home);
    byte[] salt = "sixteen bytes ok".getBytes(StandardCharsets.US_ASCII);
    String hash = OpenBSDBCrypt.generate("2y", PASSWORD.toCharArray(), salt, BCRYPT_COST);
    Path people = Files.writeString(home.resolve("htpasswd"), USER + ":" + hash + "\n");
    String yaml =
        """
        storage: {filesystem: {rootdirectory: %s}}
        auth: {htpasswd: {realm: registry-of-the-test, path: %s}}
        """
            .formatted(home.resolve("data"), people);
    return new Registry(home, RegistryProcess.start(home, address, yaml));
  }

  static String authorization() {
    return "Basic " + Base64.getEncoder().encodeToString((USER + ":" + PASSWORD).getBytes(StandardCharsets.US_ASCII));
  }

  static String digest(byte[] content) throws IOException {
    try {
      return "sha256:" + HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(content));
    } catch (java.security.NoSuchAlgorithmException e) {
      throw new IOException(e);
    }
  }

  private HttpRequest.Builder request(String pathOrUrl) {
    URI uri = URI.create(pathOrUrl.startsWith("/") ? url() + pathOrUrl : pathOrUrl);
    return HttpRequest.newBuilder(uri).header("Authorization", authorization());
  }

  private HttpResponse<String> send(HttpRequest.Builder request) throws IOException, InterruptedException {
    return client.send(request.build(), HttpResponse.BodyHandlers.ofString());
  }

  /// Stores a blob.
  void blob(String repository, byte[] content) throws IOException, InterruptedException {
    var begun = send(request("/v2/" + repository + "/blobs/uploads/").POST(HttpRequest.BodyPublishers.noBody()));
    String place = begun.headers().firstValue("Location").orElseThrow();
    String end = place + (place.contains("?") ? "&" : "?") + "digest=" + digest(content);
    var done =
        send(
            request(end)
                .header("Content-Type", "application/octet-stream")
                .PUT(HttpRequest.BodyPublishers.ofByteArray(content)));
    require(done, 201);
  }

  /// Stores a manifest under a tag.
  void manifest(String repository, String tag, byte[] content) throws IOException, InterruptedException {
    var done =
        send(
            request("/v2/" + repository + "/manifests/" + tag)
                .header("Content-Type", "application/vnd.oci.image.manifest.v1+json")
                .PUT(HttpRequest.BodyPublishers.ofByteArray(content)));
    require(done, 201);
  }

  private static void require(HttpResponse<String> answer, int status) throws IOException {
    if (answer.statusCode() != status) {
      throw new IOException("the registry answered " + answer.statusCode() + ": " + answer.body());
    }
  }

  String url() {
    return process.url();
  }

  /// Body bytes of all answers to GETs of a path so far.
  long bytesSent(String path) throws IOException {
    long sum = 0;
    for (String line : Files.readAllLines(home.resolve("out.log"))) {
      int at = line.indexOf("\"GET " + path + " HTTP/1.1\" ");
      if (at >= 0) {
        String[] words = line.substring(at).split(" ", 6);
        sum += Long.parseLong(words[4]);
      }
    }
    return sum;
  }

  /// Statuses of all answers for a path so far, in order.
  List<String> statuses(String path) throws IOException {
    String mark = " " + path + " HTTP/1.1\" ";
    return Files.readAllLines(home.resolve("out.log")).stream()
        .filter(line -> line.contains("\"GET" + mark) || line.contains("\"HEAD" + mark))
        .map(line -> line.substring(line.indexOf(mark) + mark.length()).split(" ", 2)[0])
        .toList();
  }

  /// The statuses after the first ones, as soon as there is one: the log is written after the answer.
  List<String> awaitStatuses(String path, int first) throws IOException, InterruptedException {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(10);
    while (statuses(path).size() <= first && System.nanoTime() < deadline && !process.hasEnded(10)) {
      // it comes
    }
    List<String> all = statuses(path);
    return all.subList(Math.min(first, all.size()), all.size());
  }

  @Override
  public void close() {
    client.close();
    process.close();
  }
}
