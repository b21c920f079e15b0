package dev.damselfly.api.id;

import dev.damselfly.api.error.InvalidValue;

/// Visible ASCII, `!` to `~`.
final class PrintableAscii {
  private PrintableAscii() {}

  static void require(String text, int max) {
    if (text.isEmpty() || text.length() > max) {
      throw new InvalidValue("must have 1 to " + max + " bytes");
    }
    for (int i = 0; i < text.length(); i++) {
      if (text.charAt(i) < '!' || text.charAt(i) > '~') {
        throw new InvalidValue("must be printable ASCII without spaces");
      }
    }
  }
}
