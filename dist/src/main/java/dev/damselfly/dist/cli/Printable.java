package dev.damselfly.dist.cli;

import java.nio.charset.StandardCharsets;

/// Text from an image for a terminal: no control characters, so that no name or target moves the cursor.
final class Printable {
  private Printable() {}

  static String text(byte[] bytes) {
    var shown = new StringBuilder();
    String text = new String(bytes, StandardCharsets.UTF_8);
    text.codePoints().forEach(point -> {
      int type = Character.getType(point);
      boolean hidden = Character.isISOControl(point) || type == Character.FORMAT || type == Character.LINE_SEPARATOR
          || type == Character.PARAGRAPH_SEPARATOR || type == Character.UNASSIGNED;
      shown.appendCodePoint(hidden ? '?' : point);
    });
    return shown.toString();
  }
}
