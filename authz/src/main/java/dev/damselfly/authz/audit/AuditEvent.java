package dev.damselfly.authz.audit;

import java.util.Map;
import java.util.Optional;

/// One thing that happened, before it has a place in the chain (compliance.md sections 3 and 4).
///
/// No field carries secrets, bodies, or URLs with their query.
///
/// @param action name from [AuditAction]
/// @param actor SPIFFE ID, `uid:<n>`, or `anonymous`
/// @param object typed id of what was acted on, for example `task:<id>`; may be empty
/// @param decision allow, deny, done, failed
/// @param reason reason code; empty when allowed
/// @param source observed address or `local`
/// @param detail small typed facts; values are escaped and bounded by the log (B-43)
public record AuditEvent(
    AuditAction action, String actor, String object, Decision decision, String reason, String source, Map<String, String> detail) {
  public AuditEvent {
    detail = Map.copyOf(detail);
  }

  /// What was decided.
  public enum Decision {
    ALLOW,
    DENY,
    DONE,
    FAILED
  }
}
