package dev.damselfly.api.url;

import dev.damselfly.api.error.InvalidValue;
import java.util.Locale;

/// IPv4 in all spellings that browsers take (WHATWG URL 3.5): decimal, octal, hexadecimal, one to four parts.
///
/// They are normalised so that a check of the address sees the address that is connected to (F-10).
final class Ipv4 {
  private static final long TOO_LARGE = 1L << 32;

  private Ipv4() {}

  /// Such a host is an address or nothing.
  static boolean endsInNumber(String host) {
    String text = withoutFinalDot(host);
    String last = text.substring(text.lastIndexOf('.') + 1);
    return !last.isEmpty() && (isAllDigits(last) || isHex(last));
  }

  private static String withoutFinalDot(String host) {
    return host.endsWith(".") ? host.substring(0, host.length() - 1) : host;
  }

  private static boolean isAllDigits(String text) {
    return text.chars().allMatch(c -> c >= '0' && c <= '9');
  }

  private static boolean isHex(String text) {
    return text.toLowerCase(Locale.ROOT).startsWith("0x") && text.chars().skip(2).allMatch(c -> Character.digit(c, 16) >= 0);
  }

  /// @return dotted decimal
  static String parse(String host) {
    String text = withoutFinalDot(host);
    long address = 0;
    int parts = 1;
    int from = 0;
    for (int dot = text.indexOf('.'); dot >= 0; dot = text.indexOf('.', from)) {
      long part = number(text.substring(from, dot));
      if (part > 255 || parts == 4) {
        throw bad();
      }
      address = address << 8 | part;
      parts++;
      from = dot + 1;
    }
    int restBits = 8 * (5 - parts);
    long rest = number(text.substring(from));
    if (rest >= 1L << restBits) {
      throw bad();
    }
    address = address << restBits | rest;
    return (address >> 24) + "." + (address >> 16 & 0xff) + "." + (address >> 8 & 0xff) + "." + (address & 0xff);
  }

  private static long number(String text) {
    if (text.isEmpty()) {
      throw bad();
    }
    boolean hex = text.toLowerCase(Locale.ROOT).startsWith("0x");
    boolean octal = !hex && text.length() > 1 && text.charAt(0) == '0';
    int radix = hex ? 16 : octal ? 8 : 10;
    long value = 0;
    for (int i = hex ? 2 : octal ? 1 : 0; i < text.length(); i++) {
      int digit = text.charAt(i) < 0x80 ? Character.digit(text.charAt(i), radix) : -1;
      if (digit < 0) {
        throw bad();
      }
      value = Math.min(value * radix + digit, TOO_LARGE);
    }
    return value;
  }

  private static InvalidValue bad() {
    return new InvalidValue("a host that ends in a number must be an IPv4 address");
  }
}
