package dev.damselfly.api.url;

import java.util.OptionalInt;

/// The schemes with special rules (WHATWG URL 4.2), without `file`, which names a local path and is never parsed.
final class Scheme {
  private Scheme() {}

  static boolean isSpecial(String scheme) {
    return defaultPort(scheme).isPresent();
  }

  static OptionalInt defaultPort(String scheme) {
    return switch (scheme) {
      case "http", "ws" -> OptionalInt.of(80);
      case "https", "wss" -> OptionalInt.of(443);
      case "ftp" -> OptionalInt.of(21);
      default -> OptionalInt.empty();
    };
  }
}
