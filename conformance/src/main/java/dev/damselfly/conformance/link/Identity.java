package dev.damselfly.conformance.link;

import java.security.PrivateKey;
import java.security.cert.X509Certificate;

/// One X509-SVID with its key.
///
/// @param authority what the holder trusts
public record Identity(String spiffeId, PrivateKey key, X509Certificate certificate, X509Certificate authority) {
  @Override
  public String toString() {
    return "Identity[" + spiffeId + "]"; // the key has no printable form
  }
}
