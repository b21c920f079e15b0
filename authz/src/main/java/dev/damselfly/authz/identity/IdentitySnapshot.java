package dev.damselfly.authz.identity;

import java.security.PrivateKey;
import java.time.Instant;
import java.util.List;

/// One complete state of the Workload API: own SVID and all trust bundles, already checked against each other.
///
/// @param chainDer own chain, leaf first, DER
/// @param bundles what to verify others with
/// @param generation grows by one with each accepted update; never reused in a process
public record IdentitySnapshot(
    SpiffeId id, List<byte[]> chainDer, PrivateKey key, Instant notBefore, Instant notAfter, BundleSet bundles, long generation) {
  @Override
  public String toString() {
    return "IdentitySnapshot[" + id + ", generation " + generation + "]"; // the key has no printable form
  }
}
