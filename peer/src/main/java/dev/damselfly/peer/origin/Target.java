package dev.damselfly.peer.origin;

import dev.damselfly.api.error.InvalidValue;
import dev.damselfly.api.url.CanonicalUrl;
import java.nio.charset.StandardCharsets;

/// What to ask whom: a parsed http or https URL. Its text may carry credentials and is never printed.
final class Target {
  private static final String HEX = "0123456789ABCDEF";

  private final CanonicalUrl url;
  private final Place place;

  private Target(CanonicalUrl url, Place place) {
    this.url = url;
    this.place = place;
  }

  /// @throws InvalidValue for another scheme, for user info, and for what is no URL
  static Target parse(String text) {
    var url = CanonicalUrl.parse(text);
    if (!url.scheme().equals("http") && !url.scheme().equals("https")) {
      throw new InvalidValue("must be an http or https URL");
    }
    if (url.hasUserInfo()) {
      throw new InvalidValue("must not carry user info: send credentials in a header");
    }
    return new Target(url, new Place(url.scheme(), url.host(), url.port().orElseThrow()));
  }

  Place place() {
    return place;
  }

  /// Path and query as they go on the wire: the path normalised, the query as given.
  String requestTarget() {
    String text = url.given();
    int end = text.indexOf('#') < 0 ? text.length() : text.indexOf('#');
    int query = text.indexOf('?');
    if (query < 0 || query > end) {
      return path();
    }
    return path() + encoded(text.substring(query, end));
  }

  private String path() {
    return url.path().isEmpty() ? "/" : url.path();
  }

  /// Escapes what may not stand in a request line, and nothing else: a signed query must arrive as it was signed.
  private static String encoded(String query) {
    var out = new StringBuilder(query.length());
    for (byte octet : query.getBytes(StandardCharsets.UTF_8)) {
      int c = octet & 0xff;
      if (c <= ' ' || c >= 0x7f || c == '"' || c == '<' || c == '>') {
        out.append('%').append(HEX.charAt(c >> 4)).append(HEX.charAt(c & 15));
      } else {
        out.append((char) c);
      }
    }
    return out.toString();
  }

  /// The target of a `Location` in the answer to this one (RFC 3986 5.2).
  ///
  /// @throws InvalidValue when it is none
  Target resolve(String location) {
    if (location.isEmpty()) {
      throw new InvalidValue("a redirect must name its target");
    }
    String authority = place.host().indexOf(':') >= 0 ? "[" + place.host() + "]" : place.host();
    String base = place.scheme() + "://" + authority + ":" + place.port();
    if (location.startsWith("//")) {
      return parse(place.scheme() + ":" + location);
    }
    if (location.startsWith("/")) {
      return parse(base + location);
    }
    if (location.startsWith("#")) {
      return parse(base + requestTarget() + location);
    }
    if (location.startsWith("?")) {
      return parse(base + path() + location);
    }
    if (hasScheme(location)) {
      return parse(location);
    }
    return parse(base + path().substring(0, path().lastIndexOf('/') + 1) + location);
  }

  private static boolean hasScheme(String text) {
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (c == ':') {
        return i > 0;
      }
      if (c == '/' || c == '?' || c == '#') {
        return false;
      }
    }
    return false;
  }
}
