package dev.damselfly.authz.identity;

import java.util.List;
import java.util.Map;
import java.util.Optional;

/// X.509 authorities by trust domain. Never merged across domains (SPIFFE federation 4.2); a domain that is not
/// listed is not trusted.
///
/// @param authoritiesDer CA certificates as DER, per domain
public record BundleSet(Map<TrustDomain, List<byte[]>> authoritiesDer) {
  public BundleSet {
    authoritiesDer = Map.copyOf(authoritiesDer);
  }

  public Optional<List<byte[]>> of(TrustDomain domain) {
    return Optional.ofNullable(authoritiesDer.get(domain));
  }
}
