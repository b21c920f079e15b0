package dev.damselfly.api.url;

import dev.damselfly.api.error.InvalidValue;

/// An IP address as text: IPv4 in four decimal parts without leading zeros, or IPv6 without brackets and zone.
public final class IpLiteral {
  public static final int MAX_LENGTH = 45;

  private IpLiteral() {}

  public static boolean isValid(String text) {
    return isIpv4(text) || isIpv6(text);
  }

  /// @throws InvalidValue when it is no address
  public static void require(String text) {
    if (!isValid(text)) {
      throw new InvalidValue("must be an IP address");
    }
  }

  public static boolean isIpv4(String text) {
    if (text.length() < 7 || text.length() > 15) {
      return false;
    }
    int parts = 1;
    int digits = 0;
    int value = 0;
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (c == '.') {
        parts++;
        if (digits == 0) {
          return false;
        }
        digits = 0;
        value = 0;
      } else {
        boolean leadingZero = digits > 0 && value == 0;
        if (c < '0' || c > '9' || leadingZero) {
          return false;
        }
        digits++;
        value = value * 10 + (c - '0');
        if (value > 255) {
          return false;
        }
      }
    }
    return parts == 4 && digits > 0;
  }

  public static boolean isIpv6(String text) {
    if (text.length() > MAX_LENGTH || text.indexOf(':') < 0) {
      return false;
    }
    try {
      Ipv6.parse(text);
      return true;
    } catch (InvalidValue _) {
      return false;
    }
  }
}
