package dev.damselfly.api.url;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/// The texts of a URL that a rule about URLs is asked with, so that no spelling of the same resource gets around the rule
/// (S-BLK-1).
///
/// All of them have the scheme and the host in lower case, no user info, no default port, no dot at the end of the host, an
/// IPv4 address where IPv6 maps one, no dot segments and no fragment. There are up to four: with and without the query, and
/// each of these once with escapes where RFC 3986 needs them (in upper case) and once with every escape decoded and
/// repeated slashes taken for one. Pure.
public final class UrlSpellings {
  private static final String MAPPED = "::ffff:";
  private static final String HEX = "0123456789ABCDEF";

  private UrlSpellings() {}

  /// Different texts, the plainest first. They may hold secrets of the query: not for logs.
  public static List<String> of(CanonicalUrl url) {
    UrlParts parts = url.parts();
    String server = parts.scheme() + "://" + host(url) + (parts.port().isPresent() ? ":" + parts.port().getAsInt() : "");
    String path = escaped(parts.path());
    String plain = resolved(decoded(parts.path()));
    Set<String> all = new LinkedHashSet<>();
    all.add(server + path);
    all.add(server + plain);
    if (!parts.query().isEmpty()) {
      all.add(server + path + "?" + escaped(parts.query()));
      all.add(server + plain + "?" + decoded(parts.query()));
    }
    return List.copyOf(all);
  }

  private static String host(CanonicalUrl url) {
    String host = url.host();
    if (host.startsWith(MAPPED)) {
      String[] groups = host.substring(MAPPED.length()).split(":", -1);
      if (groups.length == 2) {
        int high = Integer.parseInt(groups[0], 16);
        int low = Integer.parseInt(groups[1], 16);
        return (high >> 8) + "." + (high & 0xff) + "." + (low >> 8) + "." + (low & 0xff);
      }
    }
    int end = host.length();
    while (end > 1 && host.charAt(end - 1) == '.') {
      end--;
    }
    return host.indexOf(':') >= 0 ? "[" + host + "]" : host.substring(0, end);
  }

  /// Escapes of characters that need none are decoded, the others have digits in upper case (RFC 3986 6.2.2).
  private static String escaped(String text) {
    var out = new StringBuilder(text.length());
    for (int i = 0; i < text.length(); i++) {
      int octet = octet(text, i);
      if (octet < 0) {
        out.append(text.charAt(i));
        continue;
      }
      if (isUnreserved(octet)) {
        out.append((char) octet);
      } else {
        out.append('%').append(HEX.charAt(octet >> 4)).append(HEX.charAt(octet & 0xf));
      }
      i += 2;
    }
    return out.toString();
  }

  private static String decoded(String text) {
    if (text.indexOf('%') < 0) {
      return text;
    }
    var out = new ByteArrayOutputStream(text.length());
    for (int i = 0; i < text.length(); i++) {
      int octet = octet(text, i);
      if (octet >= 0) {
        out.write(octet);
        i += 2;
      } else {
        out.writeBytes(String.valueOf(text.charAt(i)).getBytes(StandardCharsets.UTF_8));
      }
    }
    return out.toString(StandardCharsets.UTF_8);
  }

  /// @return the octet that the escape at `i` stands for; -1 when there is none
  private static int octet(String text, int i) {
    if (text.charAt(i) != '%' || i + 2 >= text.length()) {
      return -1;
    }
    int high = hex(text.charAt(i + 1));
    int low = hex(text.charAt(i + 2));
    return high < 0 || low < 0 ? -1 : high << 4 | low;
  }

  private static int hex(char c) {
    return c < 0x80 ? Character.digit(c, 16) : -1;
  }

  private static boolean isUnreserved(int c) {
    return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '-' || c == '.' || c == '_' || c == '~';
  }

  /// Dot segments that decoding made are resolved, repeated slashes are one.
  private static String resolved(String path) {
    Deque<String> segments = new ArrayDeque<>();
    boolean open = false;
    for (String segment : path.split("/", -1)) {
      boolean dots = segment.equals(".") || segment.equals("..");
      open = segment.isEmpty() || dots;
      if (segment.equals("..")) {
        segments.pollLast();
      } else if (!open) {
        segments.addLast(segment);
      }
    }
    String joined = "/" + String.join("/", segments);
    return open && !segments.isEmpty() ? joined + "/" : joined;
  }
}
