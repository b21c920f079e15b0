package dev.damselfly.peer.proxy;

import dev.damselfly.authz.audit.Audit;
import dev.damselfly.authz.audit.AuditAction;
import dev.damselfly.authz.audit.AuditEvent;
import dev.damselfly.authz.audit.AuditEvent.Decision;
import dev.damselfly.peer.download.LocalCaller;
import java.util.LinkedHashMap;
import java.util.Map;

/// One audit record per decision of the proxy, with words of our own and checked names only (S-PXY-10). Thread-safe.
///
/// @throws dev.damselfly.authz.audit.Audit.AuditUnavailable from each method: nothing may be sent then
record Ledger(Audit audit) {
  /// A server's answer is passed on.
  void forwarded(Asked ask, int status) {
    boolean yes = status < 400;
    var detail = Map.of("method", ask.head().method());
    record(AuditAction.PROXY_FORWARD, ask, ask.label(), yes ? Decision.ALLOW : Decision.DENY, yes ? "" : "STATUS_" + status, detail);
  }

  /// The proxy or the peer behind it says no to a request that it understood.
  void refused(Refusal refusal, Asked ask) {
    record(AuditAction.PROXY_REFUSE, ask, ask.label(), Decision.DENY, refusal.code().name(), detail(refusal));
  }

  /// The proxy says no before it knew what was wanted, or from whom.
  void refused(Refusal refusal, String source) {
    String nobody = LocalCaller.anonymous().actor();
    audit.record(
        new AuditEvent(AuditAction.PROXY_REFUSE, nobody, "", Decision.DENY, refusal.code().name(), source, detail(refusal)));
  }

  private static Map<String, String> detail(Refusal refusal) {
    var detail = new LinkedHashMap<String, String>();
    detail.put("status", Integer.toString(refusal.status()));
    detail.put("rule", refusal.safeText());
    refusal.count().ifPresent(
        count -> {
          detail.put("refused", Long.toString(count.all()));
          detail.put("unrecorded", Long.toString(count.unrecorded()));
        });
    return detail;
  }

  /// Content of a registry is not what its name says.
  void mismatch(Asked ask, String expected) {
    record(AuditAction.DIGEST_MISMATCH, ask, ask.label(), Decision.FAILED, "DIGEST_MISMATCH", Map.of("expected", expected));
  }

  /// Bytes of a task begin to leave this process.
  void exported(Asked ask, String task, long bytes) {
    var detail = Map.of("bytes", Long.toString(bytes), "subject", ask.label());
    record(AuditAction.EXPORT, ask, "task:" + task, Decision.ALLOW, "", detail);
  }

  private void record(
      AuditAction action, Asked ask, String object, Decision decision, String reason, Map<String, String> detail) {
    audit.record(new AuditEvent(action, ask.caller().actor(), object, decision, reason, ask.source(), detail));
  }
}
