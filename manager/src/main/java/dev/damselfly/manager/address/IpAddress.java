package dev.damselfly.manager.address;

import com.google.common.net.InetAddresses;
import dev.damselfly.authz.egress.IpLiteral;
import java.net.InetAddress;

/// An IP address without zone. Spellings of one address, IPv4-mapped ones included, are one value, so that a unique
/// key over addresses cannot be dodged; [#toString] is the RFC 5952 form.
public record IpAddress(InetAddress value) {
  /// A literal; names are never resolved.
  public static IpAddress parse(String text) {
    return new IpAddress(IpLiteral.parse(text));
  }

  /// Whether packets to it could reach one host: not the wildcard, not multicast.
  public boolean isUnicast() {
    return !value.isAnyLocalAddress() && !value.isMulticastAddress();
  }

  @Override
  public String toString() {
    return InetAddresses.toAddrString(value);
  }
}
