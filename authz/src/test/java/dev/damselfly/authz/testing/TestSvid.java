package dev.damselfly.authz.testing;

import dev.damselfly.authz.identity.BundleSet;
import dev.damselfly.authz.identity.IdentitySnapshot;
import dev.damselfly.authz.identity.SpiffeId;
import java.security.PrivateKey;
import java.time.Instant;
import java.util.List;

/// A chain with its key, valid or not.
///
/// @param id the first URI name, whatever it is
/// @param chainDer leaf first
public record TestSvid(String id, List<byte[]> chainDer, PrivateKey key, Instant notBefore, Instant notAfter) {
  public byte[] leafDer() {
    return chainDer.getFirst();
  }

  /// As a process would hold it.
  public IdentitySnapshot snapshot(BundleSet bundles, long generation) {
    return new IdentitySnapshot(SpiffeId.parse(id), chainDer, key, notBefore, notAfter, bundles, generation);
  }

  public TestSvid withChain(List<byte[]> chain) {
    return new TestSvid(id, chain, key, notBefore, notAfter);
  }
}
