package dev.damselfly.authz.audit;

import org.jspecify.annotations.Nullable;

/// Takes audit events. Thread-safe.
///
/// Implementations: [AuditLog] (hash-chained file); tests keep events in memory.
public interface Audit {
  /// Records the event before it returns.
  ///
  /// @throws AuditUnavailable when it cannot be written: the action must not happen then
  void record(AuditEvent event);

  /// The log cannot take records; actions that need one are refused.
  final class AuditUnavailable extends RuntimeException {
    private static final long serialVersionUID = 1L;

    public AuditUnavailable(String message, @Nullable Throwable cause) {
      super(message, cause);
    }
  }
}
