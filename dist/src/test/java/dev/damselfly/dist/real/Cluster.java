package dev.damselfly.dist.real;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/// Manager, two schedulers, peers and perhaps a seed, each a process of its own started from a configuration file, each
/// with its own SVID from a development issuer.
final class Cluster implements AutoCloseable {
  private static final String ID = "spiffe://example.test/damselfly/";

  private final Path home;
  private final Command command;
  private final int managerPort;
  private final Deque<Process> processes = new ArrayDeque<>();
  private final Map<String, Command.Running> running = new HashMap<>();

  private Cluster(Path home, Command command, int managerPort) {
    this.home = home;
    this.command = command;
    this.managerPort = managerPort;
  }

  /// @param home a short path: sockets lie below it
  static Cluster start(Path home, List<String> peers, boolean seed) throws IOException, InterruptedException {
    var cluster = new Cluster(home, new Command(home, Map.of("DAMSELFLY_HOME", home.resolve("h").toString())), Nginx.freePort());
    try {
      cluster.issue(peers);
      cluster.role("manager", "manager", cluster.managerYaml());
      cluster.role("scheduler-1", "scheduler", cluster.schedulerYaml());
      cluster.role("scheduler-2", "scheduler", cluster.schedulerYaml());
      if (seed) {
        cluster.peer("seed-1");
      }
      for (String peer : peers) {
        cluster.peer(peer);
      }
      return cluster;
    } catch (IOException | InterruptedException | RuntimeException e) {
      cluster.close();
      throw e;
    }
  }

  private void issue(List<String> peers) throws IOException, InterruptedException {
    var words = new ArrayList<>(List.of("dev-issuer", "--dir", home.resolve("i").toString()));
    words.addAll(List.of("--id", "manager=" + ID + "manager/m1"));
    words.addAll(List.of("--id", "scheduler-1=" + ID + "scheduler/east/scheduler-1"));
    words.addAll(List.of("--id", "scheduler-2=" + ID + "scheduler/east/scheduler-2"));
    words.addAll(List.of("--id", "seed-1=" + ID + "seed-peer/east/seed-1"));
    for (String peer : peers) {
      words.addAll(List.of("--id", peer + "=" + ID + "peer/east/" + peer));
    }
    begin("issuer", words).awaitText("ready");
  }

  private String managerYaml() {
    return "{listen: \"127.0.0.1:" + managerPort + "\", database: \"" + home.resolve("db") + "\", clusters: [{name: east, default: true}]}";
  }

  private String schedulerYaml() {
    return "{listen: \"127.0.0.1:0\", manager: \"127.0.0.1:" + managerPort + "\", cluster-id: 1}";
  }

  void peer(String name) throws IOException, InterruptedException {
    role(
        name,
        "peer",
        """
        {listen: "127.0.0.1:0", piece-listen: "127.0.0.1:0", manager: "127.0.0.1:%d", \
        store: {directory: "%s", quota: 4GiB}, local: {socket: "%s"}, \
        egress: {rules: [{name: test, schemes: [http], networks: ["127.0.0.0/8"]}]}}"""
            .formatted(managerPort, home.resolve(name + "-store"), socket(name)));
  }

  void role(String name, String role, String section) throws IOException, InterruptedException {
    Path file = home.resolve(name + ".yaml");
    Files.writeString(
        file,
        """
        identity: {trust-domain: example.test, workload-api: "unix://%s"}
        audit: {log: "%s", keys: "%s"}
        %s: %s
        """
            .formatted(home.resolve("i").resolve(name + ".sock"), audit(name), home.resolve(name + "-keys"), role, section));
    begin(name, List.of(role, "--config", file.toString())).awaitText(" ready on port ");
  }

  private Command.Running begin(String name, List<String> words) throws IOException {
    Command.Running started = command.start(words.toArray(String[]::new));
    processes.push(started.process());
    running.put(name, started);
    return started;
  }

  Path audit(String name) {
    return home.resolve(name + "-audit");
  }

  Path socket(String name) {
    return home.resolve(name + "-l").resolve("d.sock");
  }

  Command command() {
    return command;
  }

  /// `get` at a peer's daemon, in the background.
  Command.Running get(String peer, String url, Path output, String... flags) throws IOException {
    var words = new ArrayList<>(List.of("get", url, "-O", output.toString(), "--json", "--endpoint", socket(peer).toString()));
    words.addAll(List.of(flags));
    return command.start(words.toArray(String[]::new));
  }

  /// Ends a process at once, as a crash would.
  void kill(String name) throws InterruptedException {
    Process process = java.util.Objects.requireNonNull(running.get(name)).process();
    process.descendants().forEach(ProcessHandle::destroyForcibly);
    process.destroyForcibly().waitFor(5, TimeUnit.SECONDS);
  }

  String log(String name) throws IOException {
    return java.util.Objects.requireNonNull(running.get(name)).text();
  }

  @Override
  public void close() {
    while (!processes.isEmpty()) {
      Process process = processes.pop();
      process.destroy();
      try {
        if (!process.waitFor(10, TimeUnit.SECONDS)) {
          process.destroyForcibly();
        }
      } catch (InterruptedException e) {
        process.destroyForcibly();
        Thread.currentThread().interrupt();
      }
    }
  }
}
