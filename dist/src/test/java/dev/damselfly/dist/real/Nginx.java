package dev.damselfly.dist.real;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;

/// nginx as origin, on a loopback port of its own, serving one directory. Counts the body bytes it sent.
///
/// nginx cannot say which free port the kernel gave it, so a port is tried: it is ours when the server behind it knows
/// the word of this very start, else the next one is tried.
final class Nginx implements AutoCloseable {
  private static final String ADDRESS = "127.0.0.1";
  private static final int FIRST_PORT = 20_000; // below the ports that the kernel gives away by itself
  private static final int LAST_PORT = 32_000;
  private static final int ATTEMPTS = 20;

  private final Path home;
  private final Process process;
  private final int port;

  private Nginx(Path home, Process process, int port) {
    this.home = home;
    this.process = process;
    this.port = port;
  }

  /// @param locations further `location` blocks of its configuration
  static Nginx start(Path home, String locations) throws IOException, InterruptedException {
    Files.createDirectories(home.resolve("files"));
    for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
      int port = ThreadLocalRandom.current().nextInt(FIRST_PORT, LAST_PORT);
      String word = UUID.randomUUID().toString();
      Path conf = Files.writeString(home.resolve("nginx.conf"), configuration(home, port, word, locations));
      Process process =
          new ProcessBuilder("nginx", "-c", conf.toString(), "-p", home.toString())
              .redirectErrorStream(true)
              .redirectOutput(home.resolve("out.log").toFile())
              .start();
      if (isOurs(process, port, word)) {
        return new Nginx(home, process, port);
      }
      process.destroyForcibly().waitFor(10, TimeUnit.SECONDS);
    }
    throw new IOException("nginx did not start: " + Files.readString(home.resolve("out.log")));
  }

  private static String configuration(Path home, int port, String word, String locations) {
    return """
        daemon off; master_process off; worker_processes 1; pid %1$s/nginx.pid; error_log %1$s/error.log warn;
        events { worker_connections 1024; }
        http {
          log_format bytes '$request_method $status $body_bytes_sent $uri';
          access_log %1$s/access.log bytes;
          client_body_temp_path %1$s/t1; proxy_temp_path %1$s/t2; fastcgi_temp_path %1$s/t3; uwsgi_temp_path %1$s/t4; scgi_temp_path %1$s/t5;
          keepalive_requests 100000;
          server {
            listen %2$s:%3$d;
            root %4$s;
            location = /.who { access_log off; return 200 %5$s; }
            %6$s
          }
        }
        """
        .formatted(home, ADDRESS, port, home.resolve("files"), word, locations);
  }

  /// Asks who is there until our nginx answers, another server does, or ours ended because the port is taken.
  private static boolean isOurs(Process process, int port, String word) throws InterruptedException {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
    while (System.nanoTime() < deadline) {
      try (var probe = new Socket()) {
        probe.setSoTimeout(10_000);
        probe.connect(new InetSocketAddress(ADDRESS, port), 1000);
        probe.getOutputStream().write("GET /.who HTTP/1.0\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
        return new String(probe.getInputStream().readNBytes(4096), StandardCharsets.US_ASCII).contains(word);
      } catch (IOException e) {
        if (process.waitFor(50, TimeUnit.MILLISECONDS)) {
          return false;
        }
      }
    }
    return false;
  }

  String url(String path) {
    return "http://" + ADDRESS + ":" + port + path;
  }

  int port() {
    return port;
  }

  Path file(String name) {
    return home.resolve("files").resolve(name);
  }

  /// Body bytes of all finished answers for a path.
  long bytesSent(String path) throws IOException {
    long sum = 0;
    for (String line : log()) {
      String[] word = line.split(" ", 4);
      if (word.length == 4 && word[3].equals(path) && word[0].equals("GET")) {
        sum += Long.parseLong(word[2]);
      }
    }
    return sum;
  }

  List<String> log() throws IOException {
    Path log = home.resolve("access.log");
    return Files.exists(log) ? Files.readAllLines(log) : List.of();
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
