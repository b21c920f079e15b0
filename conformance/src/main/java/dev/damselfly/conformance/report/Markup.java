package dev.damselfly.conformance.report;

/// Text as XML and HTML take it.
final class Markup {
  private Markup() {}

  /// Escapes what has a meaning; drops characters that XML cannot hold.
  static String escape(String text) {
    var out = new StringBuilder(text.length());
    text.codePoints()
        .forEach(
            c -> {
              switch (c) {
                case '&' -> out.append("&amp;");
                case '<' -> out.append("&lt;");
                case '>' -> out.append("&gt;");
                case '"' -> out.append("&quot;");
                case '\n', '\t', '\r' -> out.append((char) c);
                default -> out.appendCodePoint(c < 0x20 || c == 0xfffe || c == 0xffff ? '?' : c);
              }
            });
    return out.toString();
  }
}
