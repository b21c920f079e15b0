package dev.damselfly.api.id;

import dev.damselfly.api.error.InvalidValue;

/// Piece checksum in its wire spelling, `crc32:` and the unsigned value in decimal without leading zeros.
///
/// Spoken for compatibility and an early reject of damaged bytes; it never decides about content.
public record Crc32Text(long value) {
  private static final String PREFIX = "crc32:";
  private static final String RULE = "must be crc32: and an unsigned decimal of 32 bits";
  private static final long MAX = 0xffff_ffffL;

  public Crc32Text {
    if (value < 0 || value > MAX) {
      throw new InvalidValue(RULE);
    }
  }

  /// Inverse of [#toString].
  public static Crc32Text parse(String text) {
    int digits = text.length() - PREFIX.length();
    if (digits < 1 || digits > 10 || !text.startsWith(PREFIX) || (digits > 1 && text.charAt(PREFIX.length()) == '0')) {
      throw new InvalidValue(RULE);
    }
    long value = 0;
    for (int i = PREFIX.length(); i < text.length(); i++) {
      char c = text.charAt(i);
      if (c < '0' || c > '9') {
        throw new InvalidValue(RULE);
      }
      value = value * 10 + (c - '0');
    }
    return new Crc32Text(value);
  }

  @Override
  public String toString() {
    return PREFIX + value;
  }
}
