package dev.damselfly.api.id;

import dev.damselfly.api.error.InvalidValue;
import dev.damselfly.api.url.IpLiteral;

/// Name of a host on the wire: printable ASCII without spaces, at most 320 bytes (B-27).
///
/// A claim until it was compared with the identity of the caller.
public record HostId(String value) {
  public static final int MAX_LENGTH = 320;

  public HostId {
    PrintableAscii.require(value, MAX_LENGTH);
  }

  /// `ip-hostname`, with `-seed` behind it for a seed peer.
  ///
  /// @param ip address literal, IPv6 without brackets
  /// @throws InvalidValue when a part breaks its rule
  public static HostId of(String ip, String hostname, boolean seed) {
    return new HostId(prefix(ip, hostname) + (seed ? PeerId.SEED : ""));
  }

  static String prefix(String ip, String hostname) {
    IpLiteral.require(ip);
    PrintableAscii.require(hostname, 253);
    return ip + "-" + hostname;
  }

  @Override
  public String toString() {
    return value;
  }
}
