package dev.damselfly.authz.legacy;

import dev.damselfly.authz.audit.Audit;
import dev.damselfly.authz.audit.AuditEvent;
import java.util.TreeMap;

/// Puts a warning into each record whose actor is a legacy caller, whoever writes it. Thread-safe.
public final class LegacyAudit implements Audit {
  /// The detail that marks a record.
  public static final String KEY = "warning";

  /// Its value.
  public static final String WARNING = "legacy listener: caller without an identity";

  private final Audit log;

  public LegacyAudit(Audit log) {
    this.log = log;
  }

  @Override
  public void record(AuditEvent event) {
    log.record(LegacyCallers.isLegacy(event.actor()) ? marked(event) : event);
  }

  private static AuditEvent marked(AuditEvent event) {
    var detail = new TreeMap<>(event.detail());
    detail.put(KEY, WARNING);
    return new AuditEvent(
        event.action(), event.actor(), event.object(), event.decision(), event.reason(), event.source(), detail);
  }
}
