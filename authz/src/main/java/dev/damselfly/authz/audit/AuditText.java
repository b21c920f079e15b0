package dev.damselfly.authz.audit;

import java.nio.charset.StandardCharsets;
import java.text.Normalizer;
import java.util.HexFormat;

/// Strings of the canonical JSON that audit records are written in (RFC 8785 style).
///
/// Text is NFC; quotes, backslashes, control and invisible formatting characters are escaped, so that one record is one
/// line for every reader (F-48). Halves of surrogate pairs become U+FFFD.
final class AuditText {
  private static final HexFormat HEX = HexFormat.of();
  private static final String CUT = "[cut]";

  private AuditText() {}

  /// Appends the text as a JSON string.
  static void quote(StringBuilder out, String text) {
    if (isPlain(text)) {
      out.append('"').append(text).append('"');
      return;
    }
    out.append('"');
    String clean = Normalizer.normalize(text, Normalizer.Form.NFC);
    clean.codePoints().forEach(c -> escape(out, c));
    out.append('"');
  }

  /// A prefix whose JSON string has at most this many bytes, marked when something is missing.
  static String clip(String text, int maxBytes) {
    if (text.length() <= maxBytes - 2 - CUT.length() && isPlain(text)) {
      return text;
    }
    String clean = Normalizer.normalize(text.substring(0, Math.min(text.length(), maxBytes)), Normalizer.Form.NFC);
    var one = new StringBuilder();
    var out = new StringBuilder();
    int used = 2;
    for (int i = 0; i < clean.length(); ) {
      int c = clean.codePointAt(i);
      one.setLength(0);
      escape(one, c);
      int cost = one.toString().getBytes(StandardCharsets.UTF_8).length;
      if (used + cost > maxBytes - CUT.length()) {
        return out + CUT;
      }
      used += cost;
      out.appendCodePoint(c);
      i += Character.charCount(c);
    }
    return text.length() > maxBytes ? out + CUT : out.toString();
  }

  /// Printable ASCII that stands for itself in JSON, as nearly all text of a record is.
  private static boolean isPlain(String text) {
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (c < ' ' || c > '~' || c == '"' || c == '\\') {
        return false;
      }
    }
    return true;
  }

  private static void escape(StringBuilder out, int c) {
    switch (c) {
      case '"' -> out.append("\\\"");
      case '\\' -> out.append("\\\\");
      case '\b' -> out.append("\\b");
      case '\t' -> out.append("\\t");
      case '\n' -> out.append("\\n");
      case '\f' -> out.append("\\f");
      case '\r' -> out.append("\\r");
      default -> {
        if (c >= Character.MIN_SURROGATE && c <= Character.MAX_SURROGATE) {
          out.append('\uFFFD');
        } else if (isInvisible(c)) {
          for (char half : Character.toChars(c)) {
            out.append("\\u").append(HEX.toHexDigits(half));
          }
        } else {
          out.appendCodePoint(c);
        }
      }
    }
  }

  private static boolean isInvisible(int c) {
    return switch (Character.getType(c)) {
      case Character.CONTROL, Character.FORMAT, Character.LINE_SEPARATOR, Character.PARAGRAPH_SEPARATOR -> true;
      default -> false;
    };
  }
}
