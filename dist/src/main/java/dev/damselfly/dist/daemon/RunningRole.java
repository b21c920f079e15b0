package dev.damselfly.dist.daemon;

import dev.damselfly.authz.audit.AuditClock;
import dev.damselfly.authz.audit.AuditLog;
import dev.damselfly.authz.identity.IdentitySource;
import dev.damselfly.authz.identity.RoleTemplate;
import dev.damselfly.authz.identity.TrustDomain;
import dev.damselfly.authz.identity.workload.WorkloadApiSource;
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
import java.util.Map;

/// One role with everything it owns: identity, audit log, process. Closes them in reverse. Used by the role commands
/// and by the embedded stack alike.
final class RunningRole implements AutoCloseable {
  private static final Duration FIRST_SVID = Duration.ofSeconds(60);

  private final Deque<AutoCloseable> open = new ArrayDeque<>();
  private final String role;
  private final IdentitySource identity;
  private int port;

  private RunningRole(String role, IdentitySource identity) {
    this.role = role;
    this.identity = identity;
    open.push(identity);
  }

  /// @param stop called when a user of the local API asks the daemon to stop
  /// @throws IOException when identity, audit log or address cannot be had; nothing stays open then
  static RunningRole start(String role, RoleFile file, Runnable stop) throws IOException, InterruptedException {
    var clock = InstantSource.system();
    AuditLog audit = AuditLog.open(file.audit(), Limits.of(part(role)), AuditClock.system(), facts(role));
    IdentitySource identity;
    try {
      identity = WorkloadApiSource.open(file.workloadApi(), FIRST_SVID, audit, clock);
    } catch (IOException | RuntimeException e) {
      audit.close();
      throw e;
    }
    var running = new RunningRole(role, identity);
    running.open.addLast(audit::close);
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
        var process = new PeerProcess(config, identity, roles, audit, clock, stop);
        open.push(process);
        process.start();
        port = process.port();
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

  String role() {
    return role;
  }

  int port() {
    return port;
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
