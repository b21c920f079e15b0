package dev.damselfly.authz.identity;

import java.security.PrivateKey;
import java.time.Instant;
import java.util.List;
import java.util.Map;

/// One complete state of the Workload API: own SVID and all trust bundles, already checked against each other.
///
/// @param chainDer own chain, leaf first, DER
/// @param bundles what to verify others with
/// @param generation grows by one with each accepted update; never reused in a process
public record IdentitySnapshot(
    SpiffeId id, List<byte[]> chainDer, PrivateKey key, Instant notBefore, Instant notAfter, BundleSet bundles, long generation) {
  /// The state after the Workload API took the identity back (Workload API 5.2.1): own SVID ended, nobody trusted.
  ///
  /// Handshakes fail on either side, and connections that are open end because their authority is gone.
  public IdentitySnapshot withdrawnAt(Instant now) {
    return new IdentitySnapshot(id, chainDer, key, notBefore, now, new BundleSet(Map.of()), generation + 1);
  }

  /// Whether the own SVID may be shown at `now`.
  public boolean isUsableAt(Instant now) {
    return !now.isBefore(notBefore) && now.isBefore(notAfter);
  }

  @Override
  public String toString() {
    return "IdentitySnapshot[" + id + ", generation " + generation + "]"; // the key has no printable form
  }
}
