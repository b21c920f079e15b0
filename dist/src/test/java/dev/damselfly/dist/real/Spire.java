package dev.damselfly.dist.real;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/// A real SPIRE, server and agent. It tells the processes of a cluster apart by their users: each runs as one of its own,
/// which owns one directory and nothing else. Needs root.
final class Spire implements Identities {
  static final String NEEDS = "NOT RUN: needs root and SPIRE; `interop/install spire` installs it";
  private static final int FIRST_USER = 61_001;
  private static final int ATTEMPTS = 5; // for a port that is free
  private static final String NODE = "spiffe://" + DOMAIN + "/node/host-1";
  private static final Path CACHE =
      Path.of(Objects.requireNonNullElse(System.getenv("DAMSELFLY_INTEROP"), System.getenv("HOME") + "/.cache/damselfly/interop"));
  private static final Path FOREIGN_PEER = CACHE.resolve("spiffe-peer").resolve("bin").resolve("spiffe-peer");

  private final Path home;
  private final Path work;
  private final Command command;
  private final Map<String, Integer> users = new LinkedHashMap<>();
  private final long svidSeconds;
  private Command.@Nullable Running server;
  private Command.@Nullable Running agent;

  private Spire(Path home, long svidSeconds) {
    this.home = home;
    this.work = home.resolve("spire");
    this.command = Cluster.command(home);
    this.svidSeconds = svidSeconds;
  }

  static boolean isInstalled() {
    return Files.isExecutable(program("server")) && Files.isExecutable(program("agent"));
  }

  /// Whether another implementation of SPIFFE is there.
  static boolean isForeignPeerInstalled() {
    return Files.isExecutable(FOREIGN_PEER);
  }

  static Path program(String part) {
    return CACHE.resolve("spire").resolve("bin").resolve("spire-" + part);
  }

  /// Both run, and the agent has an SVID for each name.
  ///
  /// @param home a directory that every user may enter
  static Spire start(Path home, List<String> names, long svidSeconds) throws IOException, InterruptedException {
    var spire = new Spire(home, svidSeconds);
    try {
      spire.installForAllUsers();
      for (String directory : List.of("server", "agent", "api")) {
        Files.createDirectories(spire.work.resolve(directory));
      }
      spire.firstServer();
      Files.writeString(spire.work.resolve("bundle.pem"), spire.ask("bundle", "show"));
      String token = value(spire.ask("token", "generate", "-spiffeID", NODE, "-output", "json"), "value");
      for (String name : names) {
        spire.user(name);
        spire.admit(name);
      }
      spire.startAgent("-joinToken", token);
      for (String name : names) {
        Objects.requireNonNull(spire.agent).awaitText("entry_id=" + name + " ");
      }
      return spire;
    } catch (IOException | InterruptedException | RuntimeException e) {
      spire.close();
      throw e;
    }
  }

  /// The checkout may lie where only its owner can read.
  private void installForAllUsers() throws IOException, InterruptedException {
    Command.Result built = command.run("version");
    require(built);
    Path app = Files.createDirectory(home.resolve("app"));
    String part = "cd \"$1\" && cp -r --parents damselfly .mvn/wrapper dist/src/main/sh dist/target/lib \"$2\" && chmod -R a+rX \"$2\"";
    require(Command.await(command.startProgram(List.of("sh", "-c", part, "sh", Command.ROOT.toString(), app.toString()))));
    if (isForeignPeerInstalled()) {
      Files.copy(FOREIGN_PEER, app.resolve("spiffe-peer"), StandardCopyOption.COPY_ATTRIBUTES);
    }
  }

  /// The other implementation of SPIFFE, as the user of this name; its first lines say how to call it.
  Command.Running foreignPeer(String name, String... words) throws IOException {
    var line = new ArrayList<>(asUser(name));
    line.add("SPIFFE_ENDPOINT_SOCKET=" + workloadApi(name));
    line.add(home.resolve("app").resolve("spiffe-peer").toString());
    line.addAll(List.of(words));
    return command.startProgram(line);
  }

  /// A user and its directory, but no entry.
  void user(String name) throws IOException {
    int user = FIRST_USER + users.size();
    users.put(name, user);
    Path place = Files.createDirectory(place(name), PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
    Files.setAttribute(place, "unix:gid", user);
    Files.setAttribute(place, "unix:uid", user);
  }

  int uid(String name) {
    return Objects.requireNonNull(users.get(name));
  }

  /// From the agent's next look at the server, some seconds later, the process gets its identity.
  void admit(String name) throws IOException, InterruptedException {
    admit(name, uid(name), Identities.id(name));
  }

  /// @param entry a name for it
  void admit(String entry, int uid, String id) throws IOException, InterruptedException {
    ask("entry", "create", "-entryID", entry, "-parentID", NODE, "-spiffeID", id,
        "-selector", "unix:uid:" + uid, "-x509SVIDTTL", Long.toString(svidSeconds));
  }

  void dismiss(String name) throws IOException, InterruptedException {
    ask("entry", "delete", "-entryID", name);
  }

  /// The Workload API hands out the bundle of another trust domain to the process, too.
  void federate(String name, String domain, Path bundle) throws IOException, InterruptedException {
    ask("bundle", "set", "-format", "spiffe", "-id", domain, "-path", bundle.toString());
    ask("entry", "update", "-entryID", name, "-parentID", NODE, "-spiffeID", Identities.id(name),
        "-selector", "unix:uid:" + uid(name), "-x509SVIDTTL", Long.toString(svidSeconds), "-federatesWith", domain);
  }

  /// The authorities of our own trust domain, as PEM.
  String bundle() throws IOException, InterruptedException {
    return ask("bundle", "show");
  }

  /// An SVID that the server makes by itself: `svid.pem` and `key.pem` in the directory.
  void mint(String id, Path directory) throws IOException, InterruptedException {
    ask("x509", "mint", "-spiffeID", id, "-write", Files.createDirectory(directory).toString());
  }

  /// Id of the authority that signs.
  String activeAuthority() throws IOException, InterruptedException {
    return value(ask("localauthority", "x509", "show", "-output", "json"), "authority_id"); // the active one comes first
  }

  /// Another authority that does not sign yet, but is in the trust bundle.
  String prepareAuthority() throws IOException, InterruptedException {
    return value(ask("localauthority", "x509", "prepare", "-output", "json"), "authority_id");
  }

  /// @param verb `activate`, `taint` or `revoke`
  void authority(String verb, String id) throws IOException, InterruptedException {
    ask("localauthority", "x509", verb, "-authorityID", id);
  }

  void killServer() throws InterruptedException {
    kill(Objects.requireNonNull(server));
  }

  void killAgent() throws InterruptedException {
    kill(Objects.requireNonNull(agent));
  }

  private static void kill(Command.Running running) throws InterruptedException {
    running.process().destroyForcibly().waitFor(10, TimeUnit.SECONDS);
  }

  /// With what it knew before.
  void startServer() throws IOException, InterruptedException {
    if (!isServerUp()) {
      throw new IOException("the server does not come back:\n" + Objects.requireNonNull(server).text());
    }
  }

  /// @param words further ones; none after the first start
  void startAgent(String... words) throws IOException, InterruptedException {
    var line = new ArrayList<>(List.of(program("agent").toString(), "run", "-config", work.resolve("agent.conf").toString()));
    line.addAll(List.of(words));
    agent = command.startProgram(line);
    if (!isHealthy(agent, program("agent"), apiSocket())) {
      throw new IOException("the agent does not start:\n" + agent.text());
    }
  }

  private Path apiSocket() {
    return work.resolve("api").resolve("api.sock");
  }

  private Path serverSocket() {
    return work.resolve("server.sock");
  }

  private void firstServer() throws IOException, InterruptedException {
    for (int i = 0; i < ATTEMPTS; i++) {
      configure(freePort());
      if (isServerUp()) {
        return;
      }
    }
    throw new IOException("the server does not start:\n" + Objects.requireNonNull(server).text());
  }

  static int freePort() throws IOException {
    try (var socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return socket.getLocalPort();
    }
  }

  private boolean isServerUp() throws IOException, InterruptedException {
    server = command.startProgram(List.of(program("server").toString(), "run", "-config", work.resolve("server.conf").toString()));
    return isHealthy(server, program("server"), serverSocket());
  }

  private void configure(int port) throws IOException {
    Files.writeString(
        work.resolve("server.conf"),
        """
        server {
          bind_address = "127.0.0.1"
          bind_port = "%1$d"
          socket_path = "%2$s"
          trust_domain = "%3$s"
          data_dir = "%4$s/server"
          ca_ttl = "1h"
          ca_key_type = "ec-p256"
          default_x509_svid_ttl = "10m"
          agent_ttl = "30m"
        }
        plugins {
          DataStore "sql" { plugin_data { database_type = "sqlite3" connection_string = "%4$s/server/db" } }
          NodeAttestor "join_token" { plugin_data {} }
          KeyManager "disk" { plugin_data { keys_path = "%4$s/server/keys.json" } }
        }
        """
            .formatted(port, serverSocket(), DOMAIN, work));
    Files.writeString(
        work.resolve("agent.conf"),
        """
        agent {
          data_dir = "%4$s/agent"
          server_address = "127.0.0.1"
          server_port = "%1$d"
          socket_path = "%2$s"
          trust_bundle_path = "%4$s/bundle.pem"
          trust_domain = "%3$s"
        }
        plugins {
          NodeAttestor "join_token" { plugin_data {} }
          KeyManager "disk" { plugin_data { directory = "%4$s/agent" } }
          WorkloadAttestor "unix" { plugin_data {} }
        }
        """
            .formatted(port, apiSocket(), DOMAIN, work));
  }

  /// Asks the process for its health until it is well, or has ended.
  private boolean isHealthy(Command.Running running, Path program, Path socket) throws IOException, InterruptedException {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
    while (System.nanoTime() < deadline) {
      if (Command.await(command.startProgram(List.of(program.toString(), "healthcheck", "-socketPath", socket.toString()))).code() == 0) {
        return true;
      }
      if (running.process().waitFor(50, TimeUnit.MILLISECONDS)) {
        return false;
      }
    }
    return false;
  }

  /// A command for the server, by its private socket.
  private String ask(String... words) throws IOException, InterruptedException {
    var line = new ArrayList<>(List.of(program("server").toString()));
    line.addAll(List.of(words));
    line.addAll(List.of("-socketPath", serverSocket().toString()));
    return require(Command.await(command.startProgram(line))).out();
  }

  private static Command.Result require(Command.Result result) throws IOException {
    if (result.code() != 0) {
      throw new IOException(result.all());
    }
    return result;
  }

  private static String value(String json, String key) throws IOException {
    Matcher matcher = Pattern.compile("\"" + key + "\":\"([^\"]+)\"").matcher(json);
    if (!matcher.find()) {
      throw new IOException("no " + key + " in " + json);
    }
    return matcher.group(1);
  }

  /// What both said so far.
  String log() throws IOException {
    return (server == null ? "" : server.text()) + (agent == null ? "" : agent.text());
  }

  @Override
  public String workloadApi(String name) {
    return "unix://" + apiSocket();
  }

  @Override
  public Path place(String name) {
    return home.resolve("u-" + name);
  }

  @Override
  public List<String> launcher(String name) {
    var words = new ArrayList<>(asUser(name));
    words.add(home.resolve("app").resolve("damselfly").toString());
    return words;
  }

  /// Ends in `env`: variables and a program follow.
  private List<String> asUser(String name) {
    String user = Integer.toString(uid(name));
    return List.of("setpriv", "--reuid=" + user, "--regid=" + user, "--clear-groups", "env", "HOME=" + place(name));
  }

  @Override
  public void close() {
    if (agent != null) {
      Command.stop(agent.process());
    }
    if (server != null) {
      Command.stop(server.process());
    }
  }
}
