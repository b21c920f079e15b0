package dev.damselfly.manager.member;

import dev.damselfly.api.error.Reason;
import dev.damselfly.api.error.RequestFailure;
import dev.damselfly.authz.audit.Audit;
import dev.damselfly.authz.audit.AuditAction;
import dev.damselfly.authz.audit.AuditEvent;
import dev.damselfly.authz.identity.Caller;
import java.util.Map;

/// Records refusals whose binding needs rows, as the guard records those that need only the message. Thread-safe.
public final class Denials {
  private final Audit audit;

  public Denials(Audit audit) {
    this.audit = audit;
  }

  /// Before the caller is told. Failures that are no matter of identity are not recorded.
  ///
  /// @param method name of the call in `manager.v2.Manager`
  public void note(Caller caller, String method, RequestFailure failure) {
    if (failure.reason() == Reason.CALLER_NOT_ALLOWED) {
      audit.record(
          new AuditEvent(
              AuditAction.AUTHZ_DENY,
              caller.id().toString(),
              "rpc:manager.v2.Manager/" + method,
              AuditEvent.Decision.DENY,
              failure.reason().name(),
              caller.remote().toString(),
              Map.of("rule", failure.safeText())));
    }
  }
}
