package dev.damselfly.peer.proxy;

import dev.damselfly.authz.audit.Audit;
import dev.damselfly.authz.audit.AuditAction;
import dev.damselfly.authz.audit.AuditEvent;
import dev.damselfly.authz.audit.AuditEvent.Decision;
import java.util.Map;

/// One audit record per decision of the mirror, with words of our own and checked names only (S-PXY-10). Thread-safe.
///
/// @throws dev.damselfly.authz.audit.Audit.AuditUnavailable from each method: nothing may be sent then
record Ledger(Audit audit) {
  private static final String NOBODY = "anonymous";

  /// A registry's answer is passed on.
  void forwarded(Ask ask, int status) {
    var decision = status < 400 ? Decision.ALLOW : Decision.DENY;
    record(AuditAction.PROXY_FORWARD, ask.label(), decision, status < 400 ? "" : "STATUS_" + status, ask.source(), Map.of("method", ask.head().method()));
  }

  /// The mirror or the peer behind it says no.
  void refused(Refusal refusal, String subject, String source) {
    record(
        AuditAction.PROXY_REFUSE,
        subject,
        Decision.DENY,
        refusal.code().name(),
        source,
        Map.of("status", Integer.toString(refusal.status()), "rule", refusal.safeText()));
  }

  /// Content of a registry is not what its name says.
  void mismatch(Ask ask, String expected) {
    record(AuditAction.DIGEST_MISMATCH, ask.label(), Decision.FAILED, "DIGEST_MISMATCH", ask.source(), Map.of("expected", expected));
  }

  /// Bytes of a blob begin to leave this process.
  void exported(Ask ask, String task, long bytes) {
    record(
        AuditAction.EXPORT,
        "task:" + task,
        Decision.ALLOW,
        "",
        ask.source(),
        Map.of("bytes", Long.toString(bytes), "subject", ask.label()));
  }

  private void record(
      AuditAction action, String object, Decision decision, String reason, String source, Map<String, String> detail) {
    audit.record(new AuditEvent(action, NOBODY, object, decision, reason, source, detail));
  }
}
