package dev.damselfly.dist.real;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;

/// nginx as origin, on a loopback port of its own, serving one directory. Counts the body bytes it sent.
final class Nginx implements AutoCloseable {
  private static final String ADDRESS = "127.0.0.1";

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
    Path files = Files.createDirectories(home.resolve("files"));
    int port = freePort();
    Path conf = home.resolve("nginx.conf");
    Files.writeString(
        conf,
        """
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
            %5$s
          }
        }
        """
            .formatted(home, ADDRESS, port, files, locations));
    Process process =
        new ProcessBuilder("nginx", "-c", conf.toString(), "-p", home.toString())
            .redirectErrorStream(true)
            .redirectOutput(home.resolve("out.log").toFile())
            .start();
    awaitListening(process, port, home);
    return new Nginx(home, process, port);
  }

  private static void awaitListening(Process process, int port, Path home) throws IOException, InterruptedException {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
    while (System.nanoTime() < deadline) {
      try (var probe = new Socket()) {
        probe.connect(new InetSocketAddress(ADDRESS, port), 1000);
        return;
      } catch (IOException e) {
        if (process.waitFor(50, TimeUnit.MILLISECONDS)) {
          break;
        }
      }
    }
    throw new IOException("nginx did not start: " + Files.readString(home.resolve("out.log")));
  }

  static int freePort() throws IOException {
    try (var socket = new ServerSocket(0)) {
      return socket.getLocalPort();
    }
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
