package dev.damselfly.authz.identity;

import dev.damselfly.api.id.Sha256;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/// X.509 authorities by trust domain. Never merged across domains (SPIFFE federation 4.2); a domain that is not
/// listed is not trusted.
///
/// @param authoritiesDer CA certificates as DER, per domain
public record BundleSet(Map<TrustDomain, List<byte[]>> authoritiesDer) {
  public BundleSet {
    var copy = new HashMap<TrustDomain, List<byte[]>>();
    authoritiesDer.forEach((domain, authorities) -> copy.put(domain, authorities.stream().map(byte[]::clone).toList()));
    authoritiesDer = Map.copyOf(copy);
  }

  public Optional<List<byte[]>> of(TrustDomain domain) {
    return Optional.ofNullable(authoritiesDer.get(domain));
  }

  /// Which authorities each domain lists.
  public Map<TrustDomain, Set<Sha256>> fingerprints() {
    var all = new HashMap<TrustDomain, Set<Sha256>>();
    authoritiesDer.forEach(
        (domain, authorities) ->
            all.put(domain, authorities.stream().map(BundleSet::fingerprint).collect(Collectors.toUnmodifiableSet())));
    return Map.copyOf(all);
  }

  /// SHA-256 of a certificate's DER.
  public static Sha256 fingerprint(byte[] der) {
    return Sha256.of(Sha256.newDigest().digest(der));
  }
}
