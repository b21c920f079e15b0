package dev.damselfly.api.rule;

import dev.damselfly.api.url.CanonicalUrl;
import java.util.Set;

/// Grammars of text fields, each one pass over the text.
final class Texts {
  private static final Set<String> SCOPES = Set.of("single_seed_peer", "all_seed_peers", "all_peers");
  private static final Set<String> STAT_SCOPES = Set.of("all_seed_peers", "all_peers");
  private static final String TOKEN_MARKS = "!#$%&'*+-.^_`|~";
  private static final String NOT_IN_AUTHORITY = " \"<>\\^`{|}";

  private Texts() {}

  static boolean isScope(String text) {
    return SCOPES.contains(text);
  }

  static boolean isStatScope(String text) {
    return STAT_SCOPES.contains(text);
  }

  /// An absolute URI: scheme, colon, no controls, whole percent escapes, and a plausible authority if there is one.
  static boolean isUri(String text) {
    if (text.length() > CanonicalUrl.MAX_BYTES) {
      return false;
    }
    int colon = text.indexOf(':');
    if (colon < 1 || !isScheme(text, colon)) {
      return false;
    }
    boolean inQuery = false;
    for (int i = colon + 1; i < text.length(); i++) {
      char c = text.charAt(i);
      inQuery = c != '#' && (inQuery || c == '?');
      if (c < ' ' || c == 0x7f || (c == '%' && !inQuery && !isEscape(text, i))) {
        return false;
      }
    }
    return !text.startsWith("//", colon + 1) || isAuthority(text, colon + 3);
  }

  private static boolean isScheme(String text, int end) {
    for (int i = 0; i < end; i++) {
      char c = text.charAt(i);
      boolean later = i > 0 && (isDigit(c) || c == '+' || c == '-' || c == '.');
      if (!isLetter(c) && !later) {
        return false;
      }
    }
    return true;
  }

  private static boolean isEscape(String text, int at) {
    return at + 2 < text.length() && isHex(text.charAt(at + 1)) && isHex(text.charAt(at + 2));
  }

  /// Ends at the path, query or fragment. Behind the host stands at most one colon, and behind it digits or nothing.
  private static boolean isAuthority(String text, int start) {
    int end = start;
    int host = start;
    for (; end < text.length() && "/?#".indexOf(text.charAt(end)) < 0; end++) {
      if (NOT_IN_AUTHORITY.indexOf(text.charAt(end)) >= 0) {
        return false;
      }
      if (text.charAt(end) == '@') {
        host = end + 1;
      }
    }
    String hostPort = text.substring(host, end);
    int bracket = hostPort.lastIndexOf(']');
    boolean literal = hostPort.startsWith("[");
    if (literal != (bracket >= 0)) {
      return false;
    }
    int colon = hostPort.indexOf(':', bracket + 1);
    boolean colonFollows = !literal || bracket == hostPort.length() - 1 || colon == bracket + 1;
    return colonFollows
        && (colon < 0 || hostPort.chars().skip(colon + 1L).allMatch(c -> isDigit((char) c)));
  }

  /// At most 253 characters; labels of 1..63 letters, digits and inner hyphens; one final dot tolerated.
  static boolean isHostname(String text) {
    int end = text.endsWith(".") ? text.length() - 1 : text.length();
    if (end < 1 || text.length() > 253) {
      return false;
    }
    int start = 0;
    for (int i = 0; i <= end; i++) {
      if (i == end || text.charAt(i) == '.') {
        if (!isLabel(text, start, i)) {
          return false;
        }
        start = i + 1;
      }
    }
    return true;
  }

  private static boolean isLabel(String text, int start, int end) {
    if (end - start < 1 || end - start > 63 || text.charAt(start) == '-' || text.charAt(end - 1) == '-') {
      return false;
    }
    for (int i = start; i < end; i++) {
      char c = text.charAt(i);
      if (!isLetter(c) && !isDigit(c) && c != '-') {
        return false;
      }
    }
    return true;
  }

  /// The schema's set of algorithms. Which of them may decide about content is the business of
  /// [dev.damselfly.api.id.Digest].
  static boolean isDigest(String text) {
    int colon = text.indexOf(':');
    if (colon < 0 || text.length() > 142) {
      return false;
    }
    int digits = text.length() - colon - 1;
    boolean fits =
        switch (text.substring(0, colon)) {
          case "md5" -> digits == 32;
          case "sha1" -> digits == 40;
          case "sha256", "blake3" -> digits == 64;
          case "sha512" -> digits == 128;
          case "crc32" -> digits >= 1;
          default -> false;
        };
    return fits && text.chars().skip(colon + 1L).allMatch(c -> isHex((char) c));
  }

  /// Name of a header field (RFC 9110 5.1).
  static boolean isToken(String text) {
    return !text.isEmpty()
        && text.chars().allMatch(c -> isLetter((char) c) || isDigit((char) c) || TOKEN_MARKS.indexOf(c) >= 0);
  }

  /// Value of a header field (RFC 9110 5.5): nothing that ends a line.
  static boolean isHeaderValue(String text) {
    return text.chars().allMatch(c -> (c >= ' ' && c != 0x7f) || c == '\t');
  }

  private static boolean isLetter(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
  }

  private static boolean isDigit(char c) {
    return c >= '0' && c <= '9';
  }

  private static boolean isHex(char c) {
    return isDigit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
  }
}
