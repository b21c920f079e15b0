package dev.damselfly.dist.real;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;

/// A process of the registry of the distribution project, on a port of its own.
final class RegistryProcess implements AutoCloseable {
  private static final int FIRST_PORT = 20_000; // below the ports that the kernel gives away by itself
  private static final int LAST_PORT = 32_000;
  private static final int ATTEMPTS = 20;

  private final Process process;
  private final String url;

  private RegistryProcess(Process process, String url) {
    this.process = process;
    this.url = url;
  }

  /// @param home for its configuration and its log, `out.log`
  /// @param address of this host
  /// @param yaml storage and who may use it
  static RegistryProcess start(Path home, String address, String yaml) throws IOException, InterruptedException {
    for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
      int port = ThreadLocalRandom.current().nextInt(FIRST_PORT, LAST_PORT);
      String head = "version: 0.1\nhttp: {addr: \"%s:%d\"}\n".formatted(address, port);
      Path conf = Files.writeString(home.resolve("registry.yml"), head + yaml);
      Process process =
          new ProcessBuilder("docker-registry", "serve", conf.toString())
              .redirectErrorStream(true)
              .redirectOutput(home.resolve("out.log").toFile())
              .start();
      var started = new RegistryProcess(process, "http://" + address + ":" + port);
      if (started.answers()) {
        return started;
      }
      process.destroyForcibly().waitFor(10, TimeUnit.SECONDS);
    }
    throw new IOException("the registry did not start: " + Files.readString(home.resolve("out.log")));
  }

  /// Asks until ours answers or ends: a port that is taken ends it.
  private boolean answers() throws InterruptedException {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
    try (var client = HttpClient.newHttpClient()) {
      while (System.nanoTime() < deadline) {
        if (hasEnded(100)) {
          return false;
        }
        try {
          var answer = client.send(HttpRequest.newBuilder(URI.create(url + "/v2/")).build(), HttpResponse.BodyHandlers.discarding());
          return answer.headers().firstValue("Docker-Distribution-Api-Version").isPresent();
        } catch (IOException notYet) {
          // it does not listen yet
        }
      }
    }
    return false;
  }

  String url() {
    return url;
  }

  boolean hasEnded(long millis) throws InterruptedException {
    return process.waitFor(millis, TimeUnit.MILLISECONDS);
  }

  @Override
  public void close() {
    process.destroy();
    try {
      if (!process.waitFor(5, TimeUnit.SECONDS)) {
        process.destroyForcibly();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
