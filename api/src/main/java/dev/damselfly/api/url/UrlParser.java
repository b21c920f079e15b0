package dev.damselfly.api.url;

import dev.damselfly.api.error.InvalidValue;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalInt;

/// Absolute hierarchical URLs by the WHATWG algorithm (URL 4.4), stricter where the algorithm repairs: `://` is
/// required, and backslash, control characters, outer spaces and the scheme `file` are refused.
final class UrlParser {
  private static final int MAX_SCHEME = 32;

  private final String text;

  private UrlParser(String text) {
    this.text = text;
  }

  static UrlParts parse(String text) {
    UrlText.require(text);
    return new UrlParser(text).parts();
  }

  private UrlParts parts() {
    int colon = text.indexOf("://");
    String scheme = scheme(colon);
    boolean special = Scheme.isSpecial(scheme);
    int start = colon + 3;
    int pathAt = endOfAuthority(start);
    int fragmentAt = text.indexOf('#', pathAt);
    int end = fragmentAt < 0 ? text.length() : fragmentAt;
    int mark = text.indexOf('?', pathAt);
    int queryAt = mark < 0 || mark > end ? end : mark;

    int at = text.lastIndexOf('@', pathAt - 1);
    boolean credentials = at >= start;
    int hostAt = credentials ? at + 1 : start;
    int portAt = portColon(hostAt, pathAt);
    if (hostAt == portAt && (special || credentials || portAt < pathAt)) {
      throw new InvalidValue("host must not be empty");
    }
    return new UrlParts(
        scheme,
        credentials ? userInfo(text.substring(start, at)) : "",
        HostParser.parse(text.substring(hostAt, portAt), special),
        port(text.substring(portAt, pathAt), scheme),
        path(text.substring(pathAt, queryAt), special),
        queryAt < end ? text.substring(queryAt + 1, end) : "",
        fragmentAt < 0
            ? Optional.empty()
            : Optional.of(PercentEncode.FRAGMENT.encode(text.substring(fragmentAt + 1))));
  }

  private String scheme(int colon) {
    if (colon < 1 || colon > MAX_SCHEME || !isAsciiLetter(text.charAt(0))) {
      throw new InvalidValue("must begin with a scheme and ://");
    }
    for (int i = 1; i < colon; i++) {
      char c = text.charAt(i);
      if (!isAsciiLetter(c) && !isDigit(c) && c != '+' && c != '-' && c != '.') {
        throw new InvalidValue("must begin with a scheme and ://");
      }
    }
    String scheme = text.substring(0, colon).toLowerCase(Locale.ROOT);
    if (scheme.equals("file")) {
      throw new InvalidValue("must not name a local file");
    }
    return scheme;
  }

  private static boolean isAsciiLetter(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
  }

  private static boolean isDigit(char c) {
    return c >= '0' && c <= '9';
  }

  private int endOfAuthority(int start) {
    for (int i = start; i < text.length(); i++) {
      char c = text.charAt(i);
      if (c == '/' || c == '?' || c == '#') {
        return i;
      }
    }
    return text.length();
  }

  /// The colon before the port, or the end of the authority. A colon inside brackets belongs to the address.
  private int portColon(int hostAt, int end) {
    boolean inBrackets = false;
    for (int i = hostAt; i < end; i++) {
      char c = text.charAt(i);
      if (c == '[') {
        inBrackets = true;
      } else if (c == ']') {
        inBrackets = false;
      } else if (c == ':' && !inBrackets) {
        return i;
      }
    }
    return end;
  }

  /// An empty user name and password leave nothing, not even the `@`.
  private static String userInfo(String raw) {
    int colon = raw.indexOf(':');
    String user = PercentEncode.USER_INFO.encode(colon < 0 ? raw : raw.substring(0, colon));
    String password = colon < 0 ? "" : PercentEncode.USER_INFO.encode(raw.substring(colon + 1));
    if (user.isEmpty() && password.isEmpty()) {
      return "";
    }
    return password.isEmpty() ? user + "@" : user + ":" + password + "@";
  }

  /// @param raw empty, or from the colon to the end of the authority
  private static OptionalInt port(String raw, String scheme) {
    if (raw.length() < 2) {
      return OptionalInt.empty();
    }
    int port = 0;
    for (int i = 1; i < raw.length(); i++) {
      char c = raw.charAt(i);
      if (!isDigit(c) || port > 65_535) {
        throw new InvalidValue("port must be in [0, 65535]");
      }
      port = port * 10 + (c - '0');
    }
    if (port > 65_535) {
      throw new InvalidValue("port must be in [0, 65535]");
    }
    var found = OptionalInt.of(port);
    return found.equals(Scheme.defaultPort(scheme)) ? OptionalInt.empty() : found;
  }

  /// @param raw empty, or begins with a slash
  private static String path(String raw, boolean special) {
    if (raw.isEmpty()) {
      return special ? "/" : "";
    }
    List<String> segments = new ArrayList<>();
    int from = 1;
    while (from <= raw.length()) {
      int slash = raw.indexOf('/', from);
      boolean last = slash < 0;
      String segment = raw.substring(from, last ? raw.length() : slash);
      addSegment(segments, segment, last);
      from = last ? raw.length() + 1 : slash + 1;
    }
    var out = new StringBuilder(raw.length() + 16);
    for (String segment : segments) {
      out.append('/').append(segment);
    }
    return out.toString();
  }

  private static void addSegment(List<String> segments, String segment, boolean last) {
    String dots = segment.length() <= 6 ? segment.toLowerCase(Locale.ROOT).replace("%2e", ".") : "";
    boolean up = dots.equals("..");
    if (up && !segments.isEmpty()) {
      segments.removeLast();
    }
    if (up || dots.equals(".")) {
      if (last) {
        segments.add("");
      }
    } else {
      segments.add(PercentEncode.PATH.encode(segment));
    }
  }
}
