package dev.damselfly.authz.egress;

import dev.damselfly.api.error.InvalidValue;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.Arrays;

/// Reads IP addresses from text without ever asking a resolver.
///
/// IPv4 has exactly four decimal parts without leading zeros; IPv6 follows RFC 4291 2.2 without zones. The octal,
/// hexadecimal and short spellings that the platform accepts are refused: two parsers never disagree about them.
public final class IpLiteral {
  private static final String RULE = "must be an IPv4 address in dotted decimal or an IPv6 address without zone";
  private static final int MAX = 45;

  private IpLiteral() {}

  /// @throws InvalidValue when the text is anything else than one strict literal
  public static InetAddress parse(String text) {
    if (text.isEmpty() || text.length() > MAX) {
      throw new InvalidValue(RULE);
    }
    return of(text.indexOf(':') >= 0 ? v6(text) : v4(text));
  }

  /// Text without zone and without a leading name or slash; round-trips through [#parse].
  public static String text(InetAddress address) {
    String text = address.getHostAddress();
    int zone = text.indexOf('%');
    return zone < 0 ? text : text.substring(0, zone);
  }

  static InetAddress of(byte[] address) {
    try {
      return InetAddress.getByAddress(address);
    } catch (UnknownHostException e) {
      throw new IllegalArgumentException("an address has 4 or 16 bytes", e);
    }
  }

  private static byte[] v4(String text) {
    String[] parts = text.split("\\.", -1);
    if (parts.length != 4) {
      throw new InvalidValue(RULE);
    }
    byte[] address = new byte[4];
    for (int i = 0; i < 4; i++) {
      address[i] = (byte) decimal(parts[i]);
    }
    return address;
  }

  private static int decimal(String part) {
    if (part.isEmpty() || part.length() > 3 || part.length() > 1 && part.charAt(0) == '0') {
      throw new InvalidValue(RULE);
    }
    int value = 0;
    for (int i = 0; i < part.length(); i++) {
      char c = part.charAt(i);
      if (c < '0' || c > '9') {
        throw new InvalidValue(RULE);
      }
      value = value * 10 + (c - '0');
    }
    if (value > 255) {
      throw new InvalidValue(RULE);
    }
    return value;
  }

  private static byte[] v6(String text) {
    int gap = text.indexOf("::");
    if (gap < 0) {
      return require16(groups(text));
    }
    if (text.indexOf("::", gap + 1) >= 0 || text.lastIndexOf('.', gap) >= 0) { // IPv4 stands at the end only
      throw new InvalidValue(RULE);
    }
    byte[] head = groups(text.substring(0, gap));
    byte[] tail = groups(text.substring(gap + 2));
    if (head.length + tail.length > 14) {
      throw new InvalidValue(RULE);
    }
    byte[] address = Arrays.copyOf(head, 16);
    System.arraycopy(tail, 0, address, 16 - tail.length, tail.length);
    return address;
  }

  private static byte[] groups(String text) {
    if (text.isEmpty()) {
      return new byte[0];
    }
    String[] parts = text.split(":", -1);
    if (parts.length > 8) {
      throw new InvalidValue(RULE);
    }
    byte[] out = new byte[18];
    int at = 0;
    for (int i = 0; i < parts.length; i++) {
      if (i == parts.length - 1 && parts[i].indexOf('.') >= 0) {
        System.arraycopy(v4(parts[i]), 0, out, at, 4);
        at += 4;
      } else {
        int group = hex(parts[i]);
        out[at++] = (byte) (group >> 8);
        out[at++] = (byte) group;
      }
    }
    return Arrays.copyOf(out, at);
  }

  private static int hex(String part) {
    if (part.isEmpty() || part.length() > 4) {
      throw new InvalidValue(RULE);
    }
    int value = 0;
    for (int i = 0; i < part.length(); i++) {
      char c = part.charAt(i);
      int digit = c < 0x80 ? Character.digit(c, 16) : -1;
      if (digit < 0) {
        throw new InvalidValue(RULE);
      }
      value = value << 4 | digit;
    }
    return value;
  }

  private static byte[] require16(byte[] address) {
    if (address.length != 16) {
      throw new InvalidValue(RULE);
    }
    return address;
  }
}
