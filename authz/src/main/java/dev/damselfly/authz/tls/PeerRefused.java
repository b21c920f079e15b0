package dev.damselfly.authz.tls;

import dev.damselfly.authz.identity.SpiffeId;
import dev.damselfly.authz.identity.VerifyReason;
import java.security.cert.CertificateException;
import java.util.List;
import java.util.Optional;

/// The peer's chain is refused. Ends the handshake; the peer sees an alert and no reason.
final class PeerRefused extends CertificateException {
  private static final long serialVersionUID = 1L;

  private final transient List<VerifyReason> reasons;
  private final transient Optional<SpiffeId> id;

  PeerRefused(List<VerifyReason> reasons, Optional<SpiffeId> id) {
    super("peer refused: " + reasons);
    this.reasons = List.copyOf(reasons);
    this.id = id;
  }

  List<String> reasons() {
    return reasons.stream().map(VerifyReason::name).toList();
  }

  Optional<SpiffeId> id() {
    return id;
  }

  /// Finds the refusal behind whatever the TLS provider wrapped it in.
  static Optional<PeerRefused> findIn(Throwable failure) {
    Throwable at = failure;
    for (int depth = 0; at != null && depth < 8; depth++) {
      if (at instanceof PeerRefused refused) {
        return Optional.of(refused);
      }
      at = at.getCause();
    }
    return Optional.empty();
  }

  /// Strangers trigger it: no stack trace.
  @Override
  public synchronized Throwable fillInStackTrace() {
    return this;
  }
}
