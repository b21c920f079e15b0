package dev.damselfly.dist.daemon;

import dev.damselfly.api.wire.local.v1.StatusReply;
import dev.damselfly.authz.config.ConfigProblems;
import dev.damselfly.authz.identity.SpiffeId;
import dev.damselfly.authz.identity.TrustDomain;
import dev.damselfly.dist.cli.StateDir;
import dev.damselfly.dist.issuer.DevelopmentIssuer;
import dev.damselfly.dist.runtime.MirroredRegistry;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.StringJoiner;
import java.util.stream.Collectors;

/// Manager, scheduler, seed peer and peer in one JVM, each started from a configuration text of its own as in
/// production, each with an SVID of its own from the development issuer, mutual TLS between them on loopback.
final class EmbeddedStack implements AutoCloseable {
  private static final TrustDomain DOMAIN = new TrustDomain("local.damselfly");
  private static final String ID = "spiffe://local.damselfly/damselfly/";
  private static final Duration SVID_LIFE = Duration.ofHours(1);

  private final StateDir state;
  private final Wishes wishes;
  private final Runnable stop;
  private final Deque<AutoCloseable> open = new ArrayDeque<>();
  private final List<RunningRole> roles = new ArrayList<>();

  /// What a user may choose.
  ///
  /// @param allowed networks that downloads may reach besides the public internet
  /// @param mirrored registries that the peer is a mirror of; the first is for clients that name none
  /// @param mirrorPort where it is one, on 127.0.0.1; 0 takes a free port
  record Wishes(List<String> allowed, List<MirroredRegistry> mirrored, int mirrorPort) {
    Wishes {
      allowed = List.copyOf(allowed);
      mirrored = List.copyOf(mirrored);
    }
  }

  /// @param stop runs when a user of the local API asks to stop
  EmbeddedStack(StateDir state, Wishes wishes, Runnable stop) {
    this.state = state;
    this.wishes = wishes;
    this.stop = stop;
  }

  /// @throws IOException when a part cannot start, or the stack of this state directory runs already
  void start() throws IOException, InterruptedException, ConfigProblems {
    state.prepared();
    lock();
    var issuer = new DevelopmentIssuer(state.path().resolve("issuer"), DOMAIN, identities(), SVID_LIFE, InstantSource.system());
    open.push(issuer);
    issuer.start();
    int manager = run(issuer, "manager", "manager", managerYaml()).port();
    run(issuer, "scheduler", "scheduler", schedulerYaml(manager));
    run(issuer, "seed-peer", "peer", peerYaml(manager, "seed", state.path().resolve("seed.sock"), ""));
    run(issuer, "peer", "peer", peerYaml(manager, "peer", state.socket(), mirrorYaml()));
  }

  private static Map<String, SpiffeId> identities() {
    var all = new LinkedHashMap<String, SpiffeId>();
    all.put("manager", SpiffeId.parse(ID + "manager/local"));
    all.put("scheduler", SpiffeId.parse(ID + "scheduler/local/scheduler-1"));
    all.put("seed-peer", SpiffeId.parse(ID + "seed-peer/local/seed-1"));
    all.put("peer", SpiffeId.parse(ID + "peer/local/host-1"));
    return all;
  }

  /// One stack per state directory.
  private void lock() throws IOException {
    var file = FileChannel.open(state.path().resolve("stack.lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
    open.push(file);
    FileLock lock = file.tryLock();
    if (lock == null) {
      throw new IOException("a stack runs already in " + state.path());
    }
  }

  private RunningRole run(DevelopmentIssuer issuer, String name, String role, String section)
      throws IOException, InterruptedException, ConfigProblems {
    Path audit = Files.createDirectories(state.audit(), PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
    String yaml =
        """
        identity: {trust-domain: %s, workload-api: "unix://%s"}
        audit: {log: "%s", keys: "%s"}
        %s: %s
        """
            .formatted(
                DOMAIN, issuer.socketOf(name), audit.resolve(name), audit.resolve(name + "-keys"), role, section);
    RoleFile file = RoleFile.read(role, yaml.getBytes(StandardCharsets.UTF_8), "");
    var running = RunningRole.start(name, file, stop, this::components);
    roles.add(running);
    open.push(running);
    return running;
  }

  /// All but the last: that one, the peer that answers, speaks for itself.
  private List<StatusReply.Component> components() {
    return roles.stream().limit(3).map(RunningRole::component).toList();
  }

  private String managerYaml() {
    return "{listen: \"127.0.0.1:0\", database: \"%s\", clusters: [{name: local, default: true}]}"
        .formatted(state.path().resolve("manager"));
  }

  private static String schedulerYaml(int manager) {
    return "{listen: \"127.0.0.1:0\", manager: \"127.0.0.1:%d\", cluster-id: 1}".formatted(manager);
  }

  /// @param more further sections
  private String peerYaml(int manager, String name, Path socket, String more) {
    String rules =
        wishes.allowed().isEmpty()
            ? "[]"
            : "[{name: allowed-at-start, schemes: [http, https], networks: [\"%s\"]}]"
                .formatted(String.join("\", \"", wishes.allowed()));
    return """
        {listen: "127.0.0.1:0", piece-listen: "127.0.0.1:0", manager: "127.0.0.1:%d", \
        store: {directory: "%s"}, local: {socket: "%s"}, egress: {public-internet: true, rules: %s}%s}"""
        .formatted(manager, state.path().resolve(name + "-store"), socket, rules, more);
  }

  private String mirrorYaml() {
    if (wishes.mirrored().isEmpty()) {
      return "";
    }
    var upstreams = new StringJoiner(", ");
    for (MirroredRegistry one : wishes.mirrored()) {
      String realms = one.realms().stream().map(realm -> "\"" + realm + "\"").collect(Collectors.joining(", "));
      upstreams.add(
          "{name: \"%s\", url: \"%s\", realms: [%s], default: %s}"
              .formatted(one.name(), one.origin(), realms, upstreams.length() == 0));
    }
    return ", proxy: {listen: \"127.0.0.1:%d\", upstreams: [%s]}".formatted(wishes.mirrorPort(), upstreams);
  }

  List<RunningRole> roles() {
    return List.copyOf(roles);
  }

  @Override
  public void close() {
    while (!open.isEmpty()) {
      try {
        open.pop().close();
      } catch (Exception e) {
        System.getLogger("damselfly").log(System.Logger.Level.WARNING, "a part of the stack did not close cleanly", e);
      }
    }
  }
}
