package dev.damselfly.fuzz;

import dev.damselfly.api.error.InvalidValue;
import dev.damselfly.authz.config.ConfigProblems;
import dev.damselfly.authz.config.ConfigReader;
import dev.damselfly.authz.identity.workload.WorkloadEndpoint;
import dev.damselfly.authz.legacy.LegacyConfig;
import dev.damselfly.authz.legacy.Pem;
import dev.damselfly.dist.daemon.RoleFile;
import dev.damselfly.manager.boot.ManagerConfig;
import dev.damselfly.peer.boot.PeerConfig;
import dev.damselfly.scheduler.boot.SchedulerConfig;
import java.util.List;
import java.util.Optional;

/// Configuration of every role: accepted means every value is in range; everything else is a list of problems.
final class ConfigFuzz implements Target {
  private static final List<String> ROLES = List.of("manager", "scheduler", "peer");
  private static final String HEAD = "identity: {trust-domain: a.b, workload-api: \"unix:///a/b\"}\naudit: {log: /l, keys: /k}\n";

  public static void fuzzerTestOneInput(byte[] input) {
    new ConfigFuzz().run(input);
  }

  @Override
  public void run(byte[] input) {
    boolean any = read(input, ManagerConfig::read);
    any |= read(input, SchedulerConfig::read);
    any |= read(input, PeerConfig::read);
    for (String role : ROLES) {
      any |= file(role, input);
    }
    any |= pem(input);
    if (any) {
      Accepted.yes();
    } else {
      Accepted.no();
    }
  }

  private interface Reading {
    Object of(ConfigReader reader);
  }

  private static boolean read(byte[] input, Reading reading) {
    try {
      var reader = ConfigReader.parse(input);
      Object config = reading.of(reader);
      reader.finish();
      if (config instanceof SchedulerConfig s && s.swarm().leases().perLease() > 1024
          || config instanceof PeerConfig q && q.downloads().proxy().filter(proxy -> !proxy.listen().getAddress().isLoopbackAddress()).isPresent()
          || config instanceof PeerConfig p && (p.store().highPercent() > 99 || p.store().lowPercent() >= p.store().highPercent())) {
        throw new AssertionError("a bound beyond its maximum was accepted");
      }
      legacyOf(config).ifPresent(ConfigFuzz::requireNarrow);
      return true;
    } catch (ConfigProblems refused) {
      requireProblem(refused);
      return false;
    }
  }

  /// The whole file of a role; a socket that nobody named is a problem.
  private static boolean file(String role, byte[] input) {
    try {
      RoleFile file = RoleFile.read(role, input, "");
      WorkloadEndpoint.parse(file.workloadApi());
      return true;
    } catch (ConfigProblems refused) {
      requireProblem(refused);
      return false;
    }
  }

  /// A file that a configuration names.
  private static boolean pem(byte[] input) {
    try {
      int blocks = Pem.parse(input, "CERTIFICATE", 2).size();
      if (blocks < 1 || blocks > 2) {
        throw new AssertionError("a bound beyond its maximum was accepted");
      }
      return true;
    } catch (InvalidValue refused) {
      return false;
    }
  }

  private static void requireProblem(ConfigProblems refused) {
    if (refused.problems().isEmpty()) {
      throw new AssertionError("refused without a problem");
    }
  }

  private static Optional<LegacyConfig> legacyOf(Object config) {
    return switch (config) {
      case ManagerConfig m -> m.legacy().map(ManagerConfig.Legacy::listener);
      case SchedulerConfig s -> s.admission().legacy();
      case PeerConfig p -> p.legacy().map(PeerConfig.Legacy::listener);
      default -> Optional.empty();
    };
  }

  /// A listener without TLS is for loopback or named blocks.
  private static void requireNarrow(LegacyConfig legacy) {
    boolean wide =
        legacy.allowFrom().isEmpty()
            || legacy.allowFrom().stream().anyMatch(block -> block.prefix() < 8);
    if (wide) {
      throw new AssertionError("a listener without TLS for everybody was accepted");
    }
  }

  @Override
  public String name() {
    return "config";
  }

  @Override
  public String oracle() {
    return "accepted: every bound inside its range; refused: at least one named problem";
  }

  @Override
  public List<Class<?>> covers() {
    return List.of(ConfigReader.class, Pem.class, ManagerConfig.class, SchedulerConfig.class, PeerConfig.class, RoleFile.class);
  }

  @Override
  public List<byte[]> seeds() {
    return TextTargets.seeds(
        "{listen: \"127.0.0.1:0\", database: /d, clusters: [{name: east, default: true}]}",
        "{listen: \"[::1]:1\", database: /d, clusters: [{name: a, scopes: {cidrs: [10.0.0.0/8], hostnames: [\"a.*\"]}}]}",
        "{listen: \"127.0.0.1:0\", manager: \"m:1\", cluster-id: 1}",
        "{listen: \"127.0.0.1:0\", manager: \"m:1\", origin: {lease-roles: [peer], pieces-per-lease: 1024, lease-silence: 1s}}",
        "{listen: \"127.0.0.1:0\", manager: \"m:1\", origin: {pieces-per-lease: 1025}}",
        "{listen: \"127.0.0.1:0\", piece-listen: \"127.0.0.1:0\", manager: \"m:1\", store: {directory: /s}, local: {socket: /l}}",
        "{listen: \"127.0.0.1:0\", piece-listen: \"127.0.0.1:0\", manager: \"m:1\", store: {directory: /s, quota: 10GiB, high-percent: 80, low-percent: 80}, local: {socket: /l}}",
        "{listen: \"127.0.0.1:0\", database: /d, clusters: [{name: a}], legacy: {listen: \"127.0.0.1:0\", cluster: a, scheduler-port: 8012}}",
        "{listen: \"127.0.0.1:0\", manager: \"m:1\", legacy: {listen: \"0.0.0.0:0\", allow-from: [10.0.0.0/8], advertise-within: [10.0.0.0/8]}}",
        "{listen: \"127.0.0.1:0\", piece-listen: \"127.0.0.1:0\", manager: \"m:1\", store: {directory: /s}, local: {socket: /l}, legacy: {listen: \"[::1]:0\", piece-listen: \"[::1]:0\"}}",
        "{listen: \"127.0.0.1:0\", piece-listen: \"127.0.0.1:0\", manager: \"m:1\", store: {directory: /s}, local: {socket: /l}, legacy-parents: {networks: [10.0.0.0/8], piece-port: 4005}}",
        "{listen: \"127.0.0.1:0\", piece-listen: \"127.0.0.1:0\", manager: \"m:1\", store: {directory: /s}, local: {socket: /l}, download-socket: {socket: /t/s, users: [\"1000\"], group: g, output-directories: [/o]}}",
        "{listen: \"127.0.0.1:0\", piece-listen: \"127.0.0.1:0\", manager: \"m:1\", store: {directory: /s}, local: {socket: /l}, proxy: {listen: \"127.0.0.1:0\", upstreams: [{name: \"a:1\", url: \"https://a\", realms: [\"https://b\"], default: true}]}}",
        "{listen: \"127.0.0.1:0\", piece-listen: \"127.0.0.1:0\", manager: \"m:1\", store: {directory: /s}, local: {socket: /l}, proxy: {listen: \"127.0.0.1:0\", callers: {credentials: /c/c}, forward: [{name: \"a:1\", url: \"https://a\", swarm: [\"/b/\"], callers: [c], this-host: true, default: true}]}}",
        "{listen: \"127.0.0.1:0\", manager: \"m:1\", legacy: {listen: \"127.0.0.1:0\", tls: {certificate: /n/c, key: /n/k, client-ca: /n/a}}}",
        "x\n-----BEGIN CERTIFICATE-----\r\nAA==\n-----END CERTIFICATE-----\n", "-----BEGIN CERTIFICATE-----\n!\n-----END CERTIFICATE-----",
        "-----BEGIN CERTIFICATE-----\nAA==\n-----END PRIVATE KEY-----", "-----BEGIN CERTIFICATE-----\nAA==",
        HEAD + "manager: {listen: \"127.0.0.1:0\", database: /d, clusters: [{name: east, default: true}]}",
        HEAD + "scheduler: {listen: \"127.0.0.1:0\", manager: \"m:1\", cluster-id: 1}",
        HEAD + "peer: {listen: \"127.0.0.1:0\", piece-listen: \"127.0.0.1:0\", manager: \"m:1\", store: {directory: /s}, local: {socket: /l}}",
        HEAD.replace("/k", "/l/k") + "scheduler: {}",
        HEAD.replace("/a/b", "/a/../b") + "scheduler: {}",
        HEAD.replace(", keys: /k", "") + "manager: {}",
        "identity: {trust-domain: A, workload-api: \"tcp://a:1\"}\npeer: 1",
        "{egress: {rules: [{name: a, schemes: [https], hosts: [\"*.b\"], networks: [10.0.0.0/8], ports: [443]}]}}",
        "a: 1\na: 2", "a: &x [*x]", "a: !!java.net.URL [\"http://a\"]", "[1, 2]", "", "~", "{", "a:\n  b: {c: [", "listen: 1", "listen: [1]",
        "listen: \"a:b\"", "listen: \"1.2.3.4:99999\"", "clusters: 7", "clusters: [7]", "clusters: [{name: \"\"}]", "store: x",
        "store: {quota: 99999999999999999999TiB}", "store: {task-ttl: PT99999999999999H}", "download: {parents: -1}", "local: {users: {a: 1}}",
        "manager: \"a:0\"", "\u0000", "? a", "a: |\n  b");
  }
}
