package dev.damselfly.peer.proxy;

import java.util.Locale;

/// Paths of web servers. They are passed on as they were sent, so one that servers read in different ways is refused. Pure.
final class SitePath {
  private static final String MARKS = "-._~!$&'()*+,;=:@/%";

  private SitePath() {}

  /// Characters of a path with whole percent escapes, no empty segment inside, and no segment that means another directory,
  /// however it is spelt.
  static boolean isPlain(String path) {
    return path.startsWith("/") && hasPathCharacters(path) && !path.contains("//") && !hasDotSegment(path);
  }

  private static boolean hasPathCharacters(String path) {
    for (int i = 0; i < path.length(); i++) {
      char c = path.charAt(i);
      boolean word = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
      if (!word && MARKS.indexOf(c) < 0) {
        return false;
      }
      if (c == '%' && !isEscape(path, i)) {
        return false;
      }
    }
    return true;
  }

  /// Two hex digits that stand for no control character.
  private static boolean isEscape(String path, int at) {
    if (at + 2 >= path.length() || !isHex(path.charAt(at + 1)) || !isHex(path.charAt(at + 2))) {
      return false;
    }
    int value = Character.digit(path.charAt(at + 1), 16) << 4 | Character.digit(path.charAt(at + 2), 16);
    return value >= ' ' && value != 0x7f;
  }

  private static boolean isHex(char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
  }

  private static boolean hasDotSegment(String path) {
    for (String segment : path.toLowerCase(Locale.ROOT).replace("%2e", ".").replace("%2f", "/").replace("%5c", "/").split("/", -1)) {
      if (segment.equals(".") || segment.equals("..")) {
        return true;
      }
    }
    return false;
  }
}
