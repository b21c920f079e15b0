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
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;

/// Manager, two schedulers, peers and perhaps a seed, each a process of its own started from a configuration file, each
/// with its own SVID.
final class Cluster implements AutoCloseable {
  /// What is special about a cluster.
  ///
  /// @param peers processes to start
  /// @param seed start `seed-1`, too
  /// @param strangers further peers with an identity, without a process
  /// @param settings by the name of a process: further sections of its configuration
  /// @param svidLife as `dev-issuer --ttl` takes it
  /// @param spaces where the processes run
  record Plan(
      List<String> peers, boolean seed, List<String> strangers, Map<String, String> settings, String svidLife, Optional<Spaces> spaces) {
    static final String LOOPBACK = "egress: {rules: [{name: test, schemes: [http], networks: [\"127.0.0.0/8\"]}]}";

    static Plan of(List<String> peers) {
      return new Plan(peers, false, List.of(), Map.of(), "1h", Optional.empty());
    }

    Plan withSettings(Map<String, String> more) {
      return new Plan(peers, seed, strangers, more, svidLife, spaces);
    }

    Plan withStrangers(List<String> more) {
      return new Plan(peers, seed, more, settings, svidLife, spaces);
    }

    Plan withSeed() {
      return new Plan(peers, true, strangers, settings, svidLife, spaces);
    }

    Plan withSvidLife(String life) {
      return new Plan(peers, seed, strangers, settings, life, spaces);
    }

    /// Each peer in a network namespace of its name, the rest outside, all on one network.
    Plan withSpaces(Spaces where) {
      return new Plan(peers, seed, strangers, settings, svidLife, Optional.of(where));
    }

    private String address(String name) {
      return spaces.map(where -> where.address(name)).orElse("127.0.0.1");
    }

    private List<String> wrapper(String name) {
      return spaces.map(where -> where.wrapper(name)).orElse(List.of());
    }

    /// Everybody who needs an identity.
    List<String> names() {
      var names = new ArrayList<>(List.of("manager", "scheduler-1", "scheduler-2", "seed-1"));
      names.addAll(peers);
      names.addAll(strangers);
      return names;
    }

    private String further(String name) {
      return settings.containsKey(name) ? ", " + settings.get(name) : "";
    }

    private String settings(String peer) {
      return settings.getOrDefault(peer, LOOPBACK);
    }
  }

  private final Path home;
  private final Command command;
  private final Plan plan;
  private final Identities identities;
  private final Deque<Process> processes = new ArrayDeque<>();
  private final Map<String, Command.Running> running = new HashMap<>();
  private int managerPort;

  private Cluster(Path home, Command command, Plan plan, Identities identities) {
    this.home = home;
    this.command = command;
    this.plan = plan;
    this.identities = identities;
  }

  /// Commands with an environment of their own.
  static Command command(Path home) {
    return new Command(home, Map.of("DAMSELFLY_HOME", home.resolve("h").toString()));
  }

  /// @param home a short path: sockets lie below it
  static Cluster start(Path home, List<String> peers, boolean seed) throws IOException, InterruptedException {
    return start(home, seed ? Plan.of(peers).withSeed() : Plan.of(peers));
  }

  /// Identities come from a development issuer.
  static Cluster start(Path home, Plan plan) throws IOException, InterruptedException {
    return start(home, plan, DevelopmentIssuer.start(home, command(home), plan.names(), plan.svidLife()));
  }

  /// @param identities closed together with the cluster
  static Cluster start(Path home, Plan plan, Identities identities) throws IOException, InterruptedException {
    var cluster = new Cluster(home, command(home), plan, identities);
    try {
      cluster.role("manager", "manager", cluster.managerYaml());
      cluster.managerPort = cluster.port("manager");
      cluster.role("scheduler-1", "scheduler", cluster.schedulerYaml("scheduler-1"));
      cluster.role("scheduler-2", "scheduler", cluster.schedulerYaml("scheduler-2"));
      if (plan.seed()) {
        cluster.peer("seed-1");
      }
      for (String peer : plan.peers()) {
        cluster.peer(peer);
      }
      return cluster;
    } catch (IOException | InterruptedException | RuntimeException e) {
      cluster.close();
      throw e;
    }
  }

  private String managerYaml() {
    String further = plan.further("manager");
    return "{listen: \"" + plan.address("manager") + ":0\", database: \"" + identities.place("manager").resolve("db") + "\""
        + (further.contains("clusters:") ? "" : ", clusters: [{name: east, default: true}]")
        + further + "}";
  }

  /// Ends the manager and starts it again where it was, with other clusters in its file.
  void managerAgain(String clusters) throws IOException, InterruptedException {
    kill("manager");
    String database = identities.place("manager").resolve("db").toString();
    role(
        "manager",
        "manager",
        "{listen: \"" + plan.address("manager") + ":" + managerPort + "\", database: \"" + database + "\", clusters: " + clusters + "}");
  }

  private String schedulerYaml(String name) {
    String further = plan.further(name);
    return (further.startsWith(", listen:") ? "{" : "{listen: \"" + plan.address(name) + ":0\", ")
        + "manager: \"" + plan.address("manager") + ":" + managerPort + "\", cluster-id: 1" + further + "}";
  }

  /// Starts a peer, or starts it again.
  void peer(String name) throws IOException, InterruptedException {
    role(name, "peer", peerYaml(name));
  }

  private String peerYaml(String name) {
    String settings = plan.settings(name);
    return """
        {listen: "%1$s:0", piece-listen: "%1$s:0", manager: "%2$s:%3$d"%4$s%5$s, %6$s}"""
        .formatted(
            plan.address(name),
            plan.address("manager"),
            managerPort,
            settings.contains("store:") ? "" : ", store: {directory: \"" + store(name) + "\", quota: 4GiB}",
            settings.contains("local:") ? "" : ", local: {socket: \"" + socket(name) + "\"}",
            settings);
  }

  void role(String name, String role, String section) throws IOException, InterruptedException {
    begin(name, role, section).awaitText(" ready on port ");
  }

  /// Starts a peer that nobody waits for.
  Command.Running beginPeer(String name) throws IOException {
    return begin(name, "peer", peerYaml(name));
  }

  private Command.Running begin(String name, String role, String section) throws IOException {
    Path file = home.resolve(name + ".yaml");
    Files.writeString(
        file,
        """
        identity: {trust-domain: %s, workload-api: "%s"}
        audit: {log: "%s", keys: "%s"}
        %s: %s
        """
            .formatted(Identities.DOMAIN, workloadApi(name), audit(name), identities.place(name).resolve(name + "-keys"), role, section));
    var words = new ArrayList<>(plan.wrapper(name));
    words.addAll(identities.launcher(name));
    words.addAll(List.of(role, "--config", file.toString()));
    Command.Running started = command.startProgram(words);
    processes.push(started.process());
    running.put(name, started);
    return started;
  }

  String workloadApi(String name) {
    return identities.workloadApi(name);
  }

  int managerPort() {
    return managerPort;
  }

  /// Port that a process serves RPCs on.
  int port(String name) throws IOException, InterruptedException {
    return Integer.parseInt(started(name).awaitMatch(" ready on port ([0-9]+)\\R").group(1));
  }

  /// Port of a peer's registry mirror.
  int mirrorPort(String name) throws IOException, InterruptedException {
    return Integer.parseInt(started(name).awaitMatch("registry mirror on loopback port ([0-9]+)\\R").group(1));
  }

  private Command.Running started(String name) {
    return Objects.requireNonNull(running.get(name));
  }

  Path audit(String name) {
    return identities.place(name).resolve(name + "-audit");
  }

  Path store(String name) {
    return identities.place(name).resolve(name + "-store");
  }

  Path socket(String name) {
    return identities.place(name).resolve(name + "-l").resolve("d.sock");
  }

  Command command() {
    return command;
  }

  Process process(String name) {
    return started(name).process();
  }

  /// `get` at a peer's daemon, in the background.
  Command.Running get(String peer, String url, Path output, String... flags) throws IOException {
    var words = new ArrayList<>(List.of("get", url, "-O", output.toString(), "--json", "--endpoint", socket(peer).toString()));
    words.addAll(List.of(flags));
    return command.start(words.toArray(String[]::new));
  }

  /// Ends a process at once, as a crash would.
  void kill(String name) throws InterruptedException {
    Process process = process(name);
    process.descendants().forEach(ProcessHandle::destroyForcibly);
    process.destroyForcibly().waitFor(5, TimeUnit.SECONDS);
  }

  String log(String name) throws IOException {
    return started(name).text();
  }

  /// Waits until the audit log of a process says something.
  void awaitAudit(String name, String wanted) throws IOException, InterruptedException {
    awaitAudit(name, wanted, 1);
  }

  /// Waits until the audit log of a process says something so many times.
  void awaitAudit(String name, String wanted, int times) throws IOException, InterruptedException {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
    while (audited(name).split(Pattern.quote(wanted), -1).length <= times) {
      if (process(name).waitFor(50, TimeUnit.MILLISECONDS) || System.nanoTime() > deadline) {
        throw new IOException("the audit log of " + name + " does not say " + wanted + ":\n" + audited(name));
      }
    }
  }

  /// Everything in the audit log of a process.
  String audited(String name) throws IOException {
    var text = new StringBuilder();
    Path log = audit(name);
    if (Files.isDirectory(log)) {
      try (var files = Files.list(log)) {
        for (Path file : files.sorted().toList()) {
          text.append(Files.readString(file));
        }
      }
    } else if (Files.exists(log)) {
      text.append(Files.readString(log));
    }
    return text.toString();
  }

  @Override
  public void close() {
    while (!processes.isEmpty()) {
      Command.stop(processes.pop());
    }
    identities.close();
  }
}
