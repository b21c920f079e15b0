package dev.damselfly.manager.address;

import com.google.common.net.InetAddresses;
import dev.damselfly.api.error.InvalidValue;
import java.net.InetAddress;

/// An IP address without zone. Spellings of one address, IPv4-mapped ones included, are one value, so that a unique
/// key over addresses cannot be dodged; [#toString] is the RFC 5952 form.
public record IpAddress(InetAddress value) {
  private static final int MAX = 45;

  /// A literal; names are never resolved.
  public static IpAddress parse(String text) {
    if (text.isEmpty() || text.length() > MAX || !text.chars().allMatch(IpAddress::ofLiteral)) {
      throw new InvalidValue("must be an IP address");
    }
    if (!InetAddresses.isInetAddress(text)) {
      throw new InvalidValue("must be an IP address");
    }
    return new IpAddress(InetAddresses.forString(text));
  }

  private static boolean ofLiteral(int c) {
    return c >= '0' && c <= '9' || c >= 'a' && c <= 'f' || c >= 'A' && c <= 'F' || c == ':' || c == '.';
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
