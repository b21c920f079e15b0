package dev.damselfly.dist.real;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;

/// An unmodified upstream daemon with ports, directories and a socket of its own, and the tools that talk to it.
final class Dfdaemon implements AutoCloseable {
  private static final Path BIN = home().resolve("dragonfly").resolve("bin");
  private static final InetAddress LOOPBACK = InetAddress.getLoopbackAddress();
  private static final int FIRST_PORT = 20_000; // below the ports that the kernel gives away by itself
  private static final int LAST_PORT = 32_000;
  private static final int PORTS = 7;
  private static final int ATTEMPTS = 20;

  private final Path home;
  private final Command command;
  private final String name;
  private final int port;
  private final Command.Running running;

  private Dfdaemon(Path home, Command command, String name, int port, Command.Running running) {
    this.home = home;
    this.command = command;
    this.name = name;
    this.port = port;
    this.running = running;
  }

  private static Path home() {
    String said = System.getenv("DAMSELFLY_INTEROP");
    return said == null ? Path.of(System.getProperty("user.home"), ".cache", "damselfly", "interop") : Path.of(said);
  }

  /// Ends the suite, loudly, where the upstream programs are missing.
  static void require() {
    boolean there = Files.isExecutable(BIN.resolve("dfdaemon")) && Files.isExecutable(BIN.resolve("dfget"));
    if (!there) {
      System.err.println("NOT RUN: upstream's dfdaemon and dfget are not in " + BIN + "; interop/install dragonfly puts them there");
    }
    assumeTrue(there, "NOT RUN: needs upstream's client: interop/install dragonfly");
  }

  /// @param home a short path: a socket lies below it
  /// @param managerPort of a manager that takes programs without an identity
  /// @param more `download`: further keys of that section; `announceInterval`, `refreshInterval`: others than by default;
  ///     `tcpPort`: the one for pieces
  static Dfdaemon start(Path home, Command command, String name, int managerPort, Map<String, String> more)
      throws IOException, InterruptedException {
    Files.createDirectories(home.resolve("plugins"));
    for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
      int first = ThreadLocalRandom.current().nextInt(FIRST_PORT, LAST_PORT);
      if (areFree(first)) {
        Path conf = Files.writeString(home.resolve("d.yaml"), configuration(home, name, first, managerPort, more));
        var words = List.of(BIN.resolve("dfdaemon").toString(), "--config", conf.toString(), "--log-dir", home.resolve("log").toString(), "--console");
        var daemon = new Dfdaemon(home, command, name, first, command.startProgram(words));
        if (daemon.isUp()) {
          return daemon;
        }
        daemon.close();
        if (!daemon.running.text().contains("in use")) {
          throw new IOException(name + " did not start:\n" + daemon.running.text());
        }
      }
    }
    throw new IOException("no free ports");
  }

  private static boolean areFree(int first) {
    for (int port = first; port < first + PORTS; port++) {
      try (var tcp = new ServerSocket(port, 1, LOOPBACK);
          var udp = new DatagramSocket(new InetSocketAddress(LOOPBACK, port))) {
        assert tcp.isBound() && udp.isBound();
      } catch (IOException e) {
        return false;
      }
    }
    return true;
  }

  private static String configuration(Path home, String name, int first, int managerPort, Map<String, String> more) {
    return """
        host: {hostname: "%1$s", ip: "127.0.0.1"}
        server: {pluginDir: "%2$s/plugins", cacheDir: "%2$s/cache"}
        download: {server: {socketPath: "%2$s/d.sock"}%10$s}
        upload: {server: {ip: "127.0.0.1", port: %3$d}}
        manager: {addr: "http://127.0.0.1:%11$d"}
        storage: {dir: "%2$s/store", server: {ip: "127.0.0.1", tcpPort: %4$d, quicPort: %5$d}}
        proxy: {server: {ip: "127.0.0.1", port: %6$d}}
        health: {server: {ip: "127.0.0.1", port: %7$d}}
        metrics: {server: {ip: "127.0.0.1", port: %8$d}}
        stats: {server: {ip: "127.0.0.1", port: %9$d}}
        scheduler: {announceInterval: %12$s}
        dynconfig: {refreshInterval: %13$s}
        """
        .formatted(
            name,
            home,
            first,
            Integer.parseInt(more.getOrDefault("tcpPort", Integer.toString(first + 1))),
            first + 2,
            first + 3,
            first + 4,
            first + 5,
            first + 6,
            more.containsKey("download") ? ", " + more.get("download") : "",
            managerPort,
            more.getOrDefault("announceInterval", "5m"),
            more.getOrDefault("refreshInterval", "1m"));
  }

  /// Its socket is served only after it has announced itself to the schedulers.
  private boolean isUp() throws InterruptedException {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
    while (System.nanoTime() < deadline) {
      try (var channel = SocketChannel.open(UnixDomainSocketAddress.of(socket()))) {
        return channel.isConnected();
      } catch (IOException e) {
        if (running.process().waitFor(50, TimeUnit.MILLISECONDS)) {
          return false;
        }
      }
    }
    return false;
  }

  Path socket() {
    return home.resolve("d.sock");
  }

  String hostId() {
    return "127.0.0.1-" + name;
  }

  /// Port of its upload service.
  int port() {
    return port;
  }

  Process process() {
    return running.process();
  }

  String log() throws IOException {
    return running.text();
  }

  /// `dfget` at this daemon, in the background.
  Command.Running get(String url, Path output, String... flags) throws IOException {
    var words = new ArrayList<>(List.of(url, "-O", output.toString(), "--no-progress", "--overwrite", "--console"));
    words.addAll(List.of(flags));
    return tool("dfget", words);
  }

  /// Any of the tools.
  Command.Running tool(String tool, List<String> words) throws IOException {
    return tool(command, socket(), tool, words);
  }

  /// Any of the tools, at any daemon that takes them.
  static Command.Running tool(Command command, Path socket, String tool, List<String> words) throws IOException {
    var all = new ArrayList<>(List.of(BIN.resolve(tool).toString()));
    all.addAll(words);
    all.addAll(List.of("--endpoint", socket.toString()));
    return command.startProgram(all);
  }

  /// Bytes of content that it says came from there so far.
  ///
  /// @param from `REMOTE_PEER`, `LOCAL_PEER` or `BACK_TO_SOURCE`
  long traffic(String from) throws IOException {
    String metrics = http(port + 5, "GET /metrics HTTP/1.1\r\nHost: m\r\n");
    var line = Pattern.compile("(?m)^dragonfly_client_download_traffic\\{.*type=\"" + from + "\".*} ([0-9]+)").matcher(metrics);
    return line.find() ? Long.parseLong(line.group(1)) : 0;
  }

  /// What its HTTP proxy answers to a GET, head and body.
  String proxied(String url, String... headers) throws IOException {
    return http(port + 3, "GET " + url + " HTTP/1.1\r\nHost: o\r\n" + String.join("", List.of(headers).stream().map(line -> line + "\r\n").toList()));
  }

  private static String http(int port, String request) throws IOException {
    try (var socket = new Socket(LOOPBACK, port)) {
      socket.setSoTimeout(60_000);
      socket.getOutputStream().write((request + "Connection: close\r\n\r\n").getBytes(StandardCharsets.US_ASCII));
      return new String(socket.getInputStream().readAllBytes(), StandardCharsets.ISO_8859_1);
    }
  }

  /// Ends it at once, as a crash would.
  void kill() throws InterruptedException {
    running.process().destroyForcibly().waitFor(10, TimeUnit.SECONDS);
  }

  @Override
  public void close() {
    running.process().destroy();
    try {
      if (!running.process().waitFor(10, TimeUnit.SECONDS)) {
        running.process().destroyForcibly();
      }
    } catch (InterruptedException e) {
      running.process().destroyForcibly();
      Thread.currentThread().interrupt();
    }
  }
}
