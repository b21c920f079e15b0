package dev.damselfly.dist.daemon;

import dev.damselfly.authz.audit.AuditLog;
import dev.damselfly.authz.config.ConfigProblems;
import dev.damselfly.authz.config.ConfigReader;
import dev.damselfly.authz.identity.TrustDomain;
import dev.damselfly.authz.identity.workload.WorkloadEndpoint;
import dev.damselfly.manager.boot.ManagerConfig;
import dev.damselfly.peer.boot.PeerConfig;
import dev.damselfly.scheduler.boot.SchedulerConfig;
import java.nio.file.Path;
import java.util.Optional;

/// The configuration file of one role: who it is, where it audits, and its own section.
///
/// ```yaml
/// identity:
///   trust-domain: example.org
///   workload-api: unix:///run/spire/agent.sock   # default: SPIFFE_ENDPOINT_SOCKET
/// audit:
///   log: /var/lib/damselfly/audit
///   keys: /etc/damselfly/audit-keys   # head key and signed heads, with other rights than the log
/// scheduler: { ... }
/// ```
///
/// @param workloadApi `unix:///absolute/path`
/// @param audit directories of the audit log and of the key that signs its heads
/// @param role the section of the role that runs
public record RoleFile(TrustDomain trustDomain, String workloadApi, AuditLog.Place audit, RoleSection role) {
  /// The section of one role.
  public sealed interface RoleSection {
    record Manager(ManagerConfig config) implements RoleSection {}

    record Scheduler(SchedulerConfig config) implements RoleSection {}

    record Peer(PeerConfig config) implements RoleSection {}
  }

  /// @param environment value of SPIFFE_ENDPOINT_SOCKET, empty when it is not set
  /// @throws ConfigProblems with every problem of the file
  public static RoleFile read(String role, byte[] yaml, String environment) throws ConfigProblems {
    var root = ConfigReader.parse(yaml);
    var identity = root.section("identity");
    var domain = identity.value("trust-domain", TrustDomain::new, new TrustDomain("none"));
    String socket = identity.valueOr("workload-api", RoleFile::socket, environment);
    if (socket.isEmpty()) {
      identity.problem("workload-api", "is required when SPIFFE_ENDPOINT_SOCKET is not set");
    }
    AuditLog.Place audit = audit(root.section("audit"));
    var section = root.section(role);
    RoleSection own =
        switch (role) {
          case "manager" -> new RoleSection.Manager(ManagerConfig.read(section));
          case "scheduler" -> new RoleSection.Scheduler(SchedulerConfig.read(section));
          case "peer" -> new RoleSection.Peer(PeerConfig.read(section));
          default -> throw new IllegalArgumentException("no such role");
        };
    root.finish();
    return new RoleFile(domain, socket, audit, own);
  }

  private static AuditLog.Place audit(ConfigReader section) {
    Optional<Path> log = section.path("log");
    Optional<Path> keys = section.path("keys");
    if (log.isEmpty() || keys.isEmpty()) {
      section.problem("log, keys", "both are required: the directory of the log, and that of its head key");
    } else {
      try {
        return new AuditLog.Place(log.get(), keys.get());
      } catch (IllegalArgumentException e) {
        section.problem("keys", "must not lie inside log, nor log inside keys");
      }
    }
    return new AuditLog.Place(Path.of("/none/log"), Path.of("/none/keys"));
  }

  private static String socket(String text) {
    WorkloadEndpoint.parse(text);
    return text;
  }
}
