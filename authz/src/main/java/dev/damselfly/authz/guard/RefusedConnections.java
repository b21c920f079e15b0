package dev.damselfly.authz.guard;

import dev.damselfly.authz.audit.Audit;
import dev.damselfly.authz.audit.AuditAction;
import dev.damselfly.authz.audit.AuditEvent;
import dev.damselfly.authz.audit.AuditEvent.Decision;
import dev.damselfly.authz.identity.Caller;
import dev.damselfly.authz.limits.TokenBucket;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Records connections that were not let in, off the event loop; who floods a listener does not flood the log.
/// Thread-safe.
final class RefusedConnections implements PlainNegotiator.Refusals {
  private static final Logger LOG = LoggerFactory.getLogger(RefusedConnections.class);
  private static final long RECORDS_PER_SECOND = 10;

  private final String listener;
  private final Audit audit;
  private final Executor executor;
  private final TokenBucket records = new TokenBucket(RECORDS_PER_SECOND, System::nanoTime);

  /// @param listener the object of the records
  RefusedConnections(String listener, Audit audit, Executor executor) {
    this.listener = listener;
    this.audit = audit;
    this.executor = executor;
  }

  @Override
  public void refused(Optional<Caller> caller, String remote) {
    var action = caller.isPresent() ? AuditAction.LIMIT_HIT : AuditAction.AUTHN_FAILURE;
    record(action, caller, caller.isPresent() ? "CONNECTIONS" : "NOT_ADMITTED", remote);
  }

  @Override
  public void withoutHandshake(Caller caller, String remote) {
    record(AuditAction.AUTHN_FAILURE, Optional.of(caller), "TLS", remote);
  }

  private void record(AuditAction action, Optional<Caller> caller, String reason, String remote) {
    if (records.tryTake()) {
      String actor = caller.map(known -> known.id().toString()).orElse("anonymous");
      try {
        executor.execute(() -> write(new AuditEvent(action, actor, listener, Decision.DENY, reason, remote, Map.of())));
      } catch (RejectedExecutionException e) {
        LOG.debug("the listener is closing"); // the connection is refused either way
      }
    }
  }

  private void write(AuditEvent event) {
    try {
      audit.record(event);
    } catch (Audit.AuditUnavailable e) {
      LOG.error("a refused connection could not be audited", e); // it stays refused
    }
  }
}
