package dev.damselfly.api.id;

import dev.damselfly.api.error.InvalidValue;

/// Lower-case hexadecimal text of an exact length.
final class Hex {
  private Hex() {}

  static void require(String text, int length) {
    if (text.length() != length) {
      throw new InvalidValue("must be " + length + " lower-case hex digits");
    }
    for (int i = 0; i < length; i++) {
      char c = text.charAt(i);
      if ((c < '0' || c > '9') && (c < 'a' || c > 'f')) {
        throw new InvalidValue("must be " + length + " lower-case hex digits");
      }
    }
  }
}
