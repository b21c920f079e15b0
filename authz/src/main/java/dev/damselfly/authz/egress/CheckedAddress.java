package dev.damselfly.authz.egress;

import java.net.InetSocketAddress;

/// Proof that this exact socket address may be connected to for this origin. Only [EgressGate] makes one.
public final class CheckedAddress {
  private final InetSocketAddress address;
  private final String host;

  CheckedAddress(InetSocketAddress address, String host) {
    this.address = address;
    this.host = host;
  }

  public InetSocketAddress address() {
    return address;
  }

  /// The name for SNI, certificate check and the Host header.
  public String host() {
    return host;
  }
}
