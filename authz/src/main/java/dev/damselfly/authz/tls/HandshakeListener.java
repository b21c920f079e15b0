package dev.damselfly.authz.tls;

import dev.damselfly.authz.audit.Audit;
import dev.damselfly.authz.audit.AuditAction;
import dev.damselfly.authz.audit.AuditEvent;
import dev.damselfly.authz.identity.SpiffeId;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// Hears of every refused handshake. Called on TLS threads: returns soon, never throws.
@FunctionalInterface
public interface HandshakeListener {
  /// A connection that did not come to be.
  ///
  /// @param weServe whether we are the server of it
  /// @param reasons names of [dev.damselfly.authz.identity.VerifyReason], or `TLS` when the peer's chain was not even
  ///     looked at (no certificate, other protocol version, no TLS at all), or `ALPN`
  /// @param id present only when the chain was valid and the identity is the wrong one
  /// @param remote observed address, or `unknown`
  record Refusal(boolean weServe, List<String> reasons, Optional<SpiffeId> id, String remote) {
    public Refusal {
      reasons = List.copyOf(reasons);
    }
  }

  void refused(Refusal refusal);

  /// Writes refusals to the audit log as `authn.failure`.
  static HandshakeListener auditing(Audit audit) {
    return refusal -> {
      var event =
          new AuditEvent(
              AuditAction.AUTHN_FAILURE,
              refusal.id().map(SpiffeId::toString).orElse("anonymous"),
              "",
              AuditEvent.Decision.DENY,
              refusal.reasons().getFirst(),
              refusal.remote(),
              Map.of("reasons", String.join(",", refusal.reasons()), "side", refusal.weServe() ? "server" : "client"));
      try {
        audit.record(event);
      } catch (Audit.AuditUnavailable e) {
        System.getLogger(HandshakeListener.class.getName())
            .log(System.Logger.Level.ERROR, "a refused handshake could not be audited"); // it stays refused
      }
    };
  }
}
