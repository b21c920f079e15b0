package dev.damselfly.dist.daemon;

import dev.damselfly.api.wire.local.v1.StatusReply;
import dev.damselfly.authz.audit.AuditClock;
import dev.damselfly.authz.audit.AuditLog;
import dev.damselfly.authz.identity.IdentitySource;
import dev.damselfly.authz.identity.RoleTemplate;
import dev.damselfly.authz.identity.TrustDomain;
import dev.damselfly.authz.identity.workload.WorkloadApiSource;
import dev.damselfly.authz.identity.workload.WorkloadApiUnavailable;
import dev.damselfly.authz.identity.workload.WorkloadEndpoint;
import dev.damselfly.authz.limits.Limits;
import dev.damselfly.authz.limits.Part;
import dev.damselfly.dist.cli.Version;
import dev.damselfly.manager.boot.ManagerProcess;
import dev.damselfly.peer.boot.PeerProcess;
import dev.damselfly.scheduler.boot.SchedulerProcess;
import java.io.IOException;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.function.Supplier;

/// One role with everything it owns: identity, audit log, process. Closes them in reverse. Used by the role commands
/// and by the embedded stack alike.
final class RunningRole implements AutoCloseable {
  private static final Duration FIRST_SVID = Duration.ofSeconds(60);

  private final Deque<AutoCloseable> open = new ArrayDeque<>();
  private final String role;
  private final IdentitySource identity;
  private final Supplier<List<StatusReply.Component>> others;
  private int port;
  private OptionalInt mirrorPort = OptionalInt.empty();

  private RunningRole(String role, IdentitySource identity, Supplier<List<StatusReply.Component>> others) {
    this.role = role;
    this.identity = identity;
    this.others = others;
    open.push(identity);
  }

  /// @param stop called when a user of the local API asks the daemon to stop
  /// @param others what else runs in this JVM, for `status`
  /// @throws IOException when identity, audit log or address cannot be had; nothing stays open then
  static RunningRole start(String role, RoleFile file, Runnable stop, Supplier<List<StatusReply.Component>> others)
      throws IOException, InterruptedException {
    var clock = InstantSource.system();
    AuditLog audit = AuditLog.open(file.audit(), Limits.of(part(role)), AuditClock.system(), facts(role));
    IdentitySource identity;
    try {
      identity =
          WorkloadApiSource.open(WorkloadEndpoint.parse(file.workloadApi()), Optional.empty(), clock, audit, FIRST_SVID);
    } catch (WorkloadApiUnavailable | RuntimeException e) {
      audit.close();
      throw new IOException(e.getMessage(), e);
    }
    var running = new RunningRole(role, identity, others);
    running.open.addLast(audit);
    try {
      running.serve(file.role(), file.trustDomain(), audit, clock, stop);
      return running;
    } catch (IOException | RuntimeException e) {
      running.close();
      throw e;
    }
  }

  private void serve(RoleFile.RoleSection section, TrustDomain domain, AuditLog audit, InstantSource clock, Runnable stop)
      throws IOException {
    var roles = new RoleTemplate(domain);
    switch (section) {
      case RoleFile.RoleSection.Manager(var config) -> {
        var process = new ManagerProcess(config, identity, roles, audit, clock);
        open.push(process);
        process.start();
        port = process.port();
      }
      case RoleFile.RoleSection.Scheduler(var config) -> {
        var process = new SchedulerProcess(config, identity, roles, audit, clock);
        open.push(process);
        process.start();
        port = process.port();
      }
      case RoleFile.RoleSection.Peer(var config) -> {
        var process = new PeerProcess(config, identity, roles, audit, clock, stop, others);
        open.push(process);
        process.start();
        port = process.port();
        mirrorPort = process.proxyPort();
      }
    }
  }

  private static Part part(String role) {
    return switch (role) {
      case "manager" -> Part.MANAGER;
      case "scheduler" -> Part.SCHEDULER;
      default -> Part.PEER;
    };
  }

  private static Map<String, String> facts(String role) {
    return Map.of("role", role, "version", Version.text(), "profile", "hardened");
  }

  String identity() {
    return identity.current().id().toString();
  }

  /// For `status`.
  StatusReply.Component component() {
    var svid = identity.current();
    boolean valid = InstantSource.system().instant().isBefore(svid.notAfter());
    return StatusReply.Component.newBuilder()
        .setRole(role)
        .setSpiffeId(svid.id().toString())
        .setAddress("127.0.0.1:" + port)
        .setHealth(valid ? "ok" : "red")
        .setDetail(valid ? "" : "the SVID has expired or was taken back")
        .build();
  }

  String role() {
    return role;
  }

  int port() {
    return port;
  }

  /// Of a peer's registry mirror; empty without one.
  OptionalInt mirrorPort() {
    return mirrorPort;
  }

  @Override
  public void close() {
    while (!open.isEmpty()) {
      try {
        open.pop().close();
      } catch (Exception e) {
        System.getLogger("damselfly").log(System.Logger.Level.WARNING, "a part of the " + role + " did not close cleanly", e);
      }
    }
  }
}
