package dev.damselfly.manager.boot;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.damselfly.api.wire.manager.v2.ManagerGrpc;
import dev.damselfly.authz.audit.Audit;
import dev.damselfly.authz.audit.AuditAction;
import dev.damselfly.authz.audit.AuditEvent;
import dev.damselfly.authz.guard.Callers;
import dev.damselfly.authz.guard.GuardedServer;
import dev.damselfly.authz.guard.GuardedServer.Surroundings;
import dev.damselfly.authz.guard.LegacyServer;
import dev.damselfly.authz.identity.IdentitySource;
import dev.damselfly.authz.identity.RoleTemplate;
import dev.damselfly.authz.legacy.LegacyAudit;
import dev.damselfly.authz.legacy.LegacyCallers;
import dev.damselfly.authz.limits.Limits;
import dev.damselfly.authz.limits.Part;
import dev.damselfly.manager.store.Database;
import io.grpc.health.v1.HealthCheckResponse.ServingStatus;
import io.grpc.protobuf.services.HealthStatusManager;
import java.io.IOException;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// One manager, serving `manager.v2.Manager` and health. The launcher calls [#start] once and [#close] once.
/// Thread-safe.
public final class ManagerProcess implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(ManagerProcess.class);
  private static final Duration SWEEP_EVERY = Duration.ofSeconds(1);

  private final ManagerConfig config;
  private final IdentitySource identity;
  private final RoleTemplate roles;
  private final Audit audit;
  private final InstantSource clock;

  @GuardedBy("this")
  private final Deque<Runnable> closers = new ArrayDeque<>();

  @GuardedBy("this")
  private @Nullable GuardedServer server;

  @GuardedBy("this")
  private @Nullable LegacyServer legacy;

  public ManagerProcess(
      ManagerConfig config, IdentitySource identity, RoleTemplate roles, Audit audit, InstantSource clock) {
    this.config = config;
    this.identity = identity;
    this.roles = roles;
    this.audit = config.legacy().isPresent() ? new LegacyAudit(audit) : audit;
    this.clock = clock;
  }

  /// Opens the database, makes it say what is configured, and serves. On failure nothing stays open.
  ///
  /// @throws IOException when the address cannot be bound
  public synchronized void start() throws IOException {
    if (server != null) {
      throw new IllegalStateException("already started");
    }
    try {
      record(AuditAction.PROCESS_START);
      closers.push(() -> record(AuditAction.PROCESS_STOP));
      var database = Database.open(config.database());
      closers.push(database::close);
      var wiring = ManagerWiring.wire(config, database, audit, clock, Callers::current);
      wiring.nobodyLives();
      closers.push(wiring::nobodyLives);
      var health = new HealthStatusManager();
      var services = List.of(wiring.service().bindService(), health.getHealthService().bindService());
      var surroundings = new Surroundings(identity, roles, audit, Limits.of(Part.MANAGER), clock);
      var serving = new GuardedServer(config.listen(), services, ManagerPolicy.policy(), surroundings).start();
      closers.push(serving::close);
      server = serving;
      health.setStatus(ManagerGrpc.SERVICE_NAME, ServingStatus.SERVING);
      closers.push(health::enterTerminalState);
      serveLegacy(wiring, health);
      startSweeping(wiring);
    } catch (IOException | RuntimeException e) {
      closeAfter(e);
      throw e;
    }
  }

  @GuardedBy("this")
  private void serveLegacy(ManagerWiring wiring, HealthStatusManager health) throws IOException {
    if (config.legacy().isEmpty() || wiring.legacy().isEmpty()) {
      return;
    }
    var own = config.legacy().get();
    var services = List.of(wiring.legacy().get().bindService(), health.getHealthService().bindService());
    var policy = ManagerPolicy.legacyPolicy(own.listener().advertiseWithin());
    var place = new LegacyCallers.Place(identity.current().id().trustDomain(), own.cluster().value());
    var serving =
        new LegacyServer(own.listener(), services, policy, place, audit, Limits.of(Part.MANAGER)).start();
    closers.push(serving::close);
    legacy = serving;
  }

  private void closeAfter(Exception failure) {
    try {
      close();
    } catch (RuntimeException e) {
      failure.addSuppressed(e);
    }
  }

  @GuardedBy("this")
  private void startSweeping(ManagerWiring wiring) {
    var timer = Executors.newSingleThreadScheduledExecutor(Thread.ofVirtual().name("manager-sweep").factory());
    timer.scheduleWithFixedDelay(
        () -> sweep(wiring), SWEEP_EVERY.toMillis(), SWEEP_EVERY.toMillis(), TimeUnit.MILLISECONDS);
    closers.push(timer::shutdownNow);
  }

  private static void sweep(ManagerWiring wiring) {
    try {
      wiring.sweep();
    } catch (RuntimeException e) {
      LOG.warn("silent members were not swept; the next round tries again", e); // a throw would end all rounds
    }
  }

  /// @throws IllegalStateException before [#start]
  public synchronized int port() {
    return server().port();
  }

  /// What serves programs without an identity; absent unless it is configured and started.
  synchronized Optional<LegacyServer> legacyServer() {
    return Optional.ofNullable(legacy);
  }

  /// What serves, for tests that ask it.
  synchronized GuardedServer server() {
    if (server == null) {
      throw new IllegalStateException("not started");
    }
    return server;
  }

  /// Ends running calls, marks all members inactive, closes the database. Idempotent.
  @Override
  public synchronized void close() {
    RuntimeException failure = null;
    while (!closers.isEmpty()) {
      try {
        closers.pop().run();
      } catch (RuntimeException e) {
        failure = failure == null ? e : failure; // the others must still be closed
      }
    }
    if (failure != null) {
      throw failure;
    }
  }

  private void record(AuditAction action) {
    audit.record(
        new AuditEvent(
            action,
            identity.current().id().toString(),
            "process:manager",
            AuditEvent.Decision.DONE,
            "",
            "local",
            Map.of()));
  }
}
