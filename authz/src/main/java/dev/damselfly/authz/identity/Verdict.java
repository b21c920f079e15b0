package dev.damselfly.authz.identity;

import dev.damselfly.api.id.Sha256;
import java.time.Instant;
import java.util.List;

/// What the verifier says about one certificate chain.
public sealed interface Verdict {
  /// The chain proves the identity.
  ///
  /// @param notAfter first end of validity on the path; no connection outlives it
  /// @param authority SHA-256 of the authority certificate (DER) that the path ends in
  record Accepted(SpiffeId id, Instant notAfter, Sha256 authority) implements Verdict {}

  /// The chain proves nothing.
  ///
  /// @param reasons every independent reason, the decisive one first; never empty
  record Refused(List<VerifyReason> reasons) implements Verdict {
    public Refused {
      reasons = List.copyOf(reasons);
      if (reasons.isEmpty()) {
        throw new IllegalArgumentException("a refusal has a reason");
      }
    }
  }
}
