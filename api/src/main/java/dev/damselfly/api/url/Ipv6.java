package dev.damselfly.api.url;

import dev.damselfly.api.error.InvalidValue;

/// IPv6 addresses, in without zone and brackets, out in the compressed form of RFC 5952 (groups in hexadecimal).
final class Ipv6 {
  private static final int GROUPS = 8;

  private final String text;
  private final int[] groups = new int[GROUPS];
  private int count;
  private int gap = -1;
  private int at;

  private Ipv6(String text) {
    this.text = text;
  }

  /// @return the canonical spelling
  static String parse(String text) {
    if (text.length() < 2 || text.length() > 45) {
      throw bad();
    }
    var address = new Ipv6(text);
    address.read();
    return address.compressed();
  }

  private void read() {
    if (text.startsWith("::")) {
      gap = 0;
      at = 2;
    } else if (text.charAt(0) == ':') {
      throw bad();
    }
    while (at < text.length()) {
      if (count == GROUPS) {
        throw bad();
      }
      readGroup();
    }
    if (gap < 0 ? count != GROUPS : count == GROUPS) {
      throw bad();
    }
    spread();
  }

  private void readGroup() {
    int start = at;
    int value = 0;
    while (at < text.length() && at - start < 4 && hexDigit(at) >= 0) {
      value = value << 4 | hexDigit(at++);
    }
    if (at < text.length() && text.charAt(at) == '.') {
      readIpv4(start);
      return;
    }
    if (at == start) {
      throw bad();
    }
    groups[count++] = value;
    if (at < text.length()) {
      readColon();
    }
  }

  private void readColon() {
    if (text.charAt(at++) != ':' || at == text.length()) {
      throw bad();
    }
    if (text.charAt(at) == ':') {
      if (gap >= 0) {
        throw bad();
      }
      gap = count;
      at++;
    }
  }

  /// Four decimal parts, no leading zeros, in the place of the last two groups.
  private void readIpv4(int start) {
    if (count > GROUPS - 2) {
      throw bad();
    }
    at = start;
    long address = 0;
    for (int part = 0; part < 4; part++) {
      if (part > 0 && (at >= text.length() || text.charAt(at++) != '.')) {
        throw bad();
      }
      address = address << 8 | readDecimal();
    }
    if (at != text.length()) {
      throw bad();
    }
    groups[count++] = (int) (address >> 16);
    groups[count++] = (int) (address & 0xffff);
  }

  private int readDecimal() {
    int start = at;
    int value = 0;
    while (at < text.length() && text.charAt(at) >= '0' && text.charAt(at) <= '9') {
      value = value * 10 + (text.charAt(at++) - '0');
      if (value > 255 || (at - start > 1 && text.charAt(start) == '0')) {
        throw bad();
      }
    }
    if (at == start) {
      throw bad();
    }
    return value;
  }

  private int hexDigit(int index) {
    char c = text.charAt(index);
    return c < 0x80 ? Character.digit(c, 16) : -1;
  }

  private void spread() {
    if (gap < 0) {
      return;
    }
    int tail = count - gap;
    for (int i = 1; i <= tail; i++) {
      int moved = groups[count - i];
      groups[count - i] = 0;
      groups[GROUPS - i] = moved;
    }
  }

  private String compressed() {
    int zeros = 0;
    int zerosAt = -1;
    for (int i = 0; i < GROUPS; i++) {
      int run = 0;
      while (i + run < GROUPS && groups[i + run] == 0) {
        run++;
      }
      if (run > zeros && run > 1) {
        zeros = run;
        zerosAt = i;
      }
    }
    var out = new StringBuilder();
    for (int i = 0; i < GROUPS; i++) {
      if (i == zerosAt) {
        out.append("::");
        i += zeros - 1;
        continue;
      }
      if (!out.isEmpty() && out.charAt(out.length() - 1) != ':') {
        out.append(':');
      }
      out.append(Integer.toHexString(groups[i]));
    }
    return out.toString();
  }

  private static InvalidValue bad() {
    return new InvalidValue("must be an IPv6 address");
  }
}
