package dev.damselfly.api.url;

import dev.damselfly.api.error.InvalidValue;
import java.util.List;
import java.util.OptionalInt;

/// A URL in the one spelling that enters a task id (rule of clients from 1.5.5).
///
/// With an empty list of filtered parameters the canonical text is the given text, otherwise the normalised one.
/// The given text must parse in both cases. Equal when the canonical texts are equal.
public final class CanonicalUrl {
  /// Bytes of UTF-8 (B-23).
  public static final int MAX_BYTES = 8 << 10;
  public static final int MAX_FILTERED = 128;
  public static final int MAX_FILTERED_LENGTH = 1 << 10;

  private final String given;
  private final List<String> filtered;
  private final UrlParts parts;
  private final String text;

  private CanonicalUrl(String given, List<String> filtered, UrlParts parts, String text) {
    this.given = given;
    this.filtered = filtered;
    this.parts = parts;
    this.text = text;
  }

  /// Without filtered parameters: only checks.
  public static CanonicalUrl parse(String url) {
    return parse(url, List.of());
  }

  /// @param url at most 8 KiB, with `://`, without control characters and backslashes
  /// @param filtered decoded names of query parameters that do not count, case-sensitive
  /// @throws InvalidValue when the URL does not parse, or the list is too long
  public static CanonicalUrl parse(String url, List<String> filtered) {
    List<String> names = requireFilter(filtered);
    UrlParts parts = UrlParser.parse(url);
    return new CanonicalUrl(url, names, parts, names.isEmpty() ? url : normalised(url, parts, names));
  }

  /// @return an immutable copy
  /// @throws InvalidValue when the list or one of its names is too long
  public static List<String> requireFilter(List<String> filtered) {
    if (filtered.size() > MAX_FILTERED) {
      throw new InvalidValue("at most " + MAX_FILTERED + " filtered query parameters");
    }
    for (String name : filtered) {
      if (name.length() > MAX_FILTERED_LENGTH) {
        throw new InvalidValue("a filtered query parameter has at most " + MAX_FILTERED_LENGTH + " characters");
      }
    }
    return List.copyOf(filtered);
  }

  private static String normalised(String url, UrlParts parts, List<String> filtered) {
    var out = new StringBuilder(url.length() + 16);
    out.append(parts.scheme()).append("://").append(parts.userInfo()).append(parts.authority());
    if (!hasEmptyPath(url)) {
      out.append(parts.path());
    }
    String query = QueryFilter.apply(parts.query(), filtered);
    if (!query.isEmpty()) {
      out.append('?').append(query);
    }
    parts.fragment().ifPresent(fragment -> out.append('#').append(fragment));
    return out.toString();
  }

  /// Looks at the text as given: between `://` and the query or fragment there is no slash.
  private static boolean hasEmptyPath(String url) {
    for (int i = url.indexOf("://") + 3; i < url.length(); i++) {
      char c = url.charAt(i);
      if (c == '/') {
        return false;
      }
      if (c == '?' || c == '#') {
        return true;
      }
    }
    return true;
  }

  /// The text that enters the task id. May hold user info and signed parameters: not for logs.
  public String text() {
    return text;
  }

  /// The URL as it was given.
  public String given() {
    return given;
  }

  public List<String> filtered() {
    return filtered;
  }

  /// Lower case.
  public String scheme() {
    return parts.scheme();
  }

  /// As it is connected to: ASCII, IPv4 in dotted decimal, IPv6 compressed and without brackets; empty only for
  /// schemes that are not served by a network host.
  public String host() {
    String host = parts.host();
    return host.startsWith("[") ? host.substring(1, host.length() - 1) : host;
  }

  /// Port that the URL names or that its scheme implies.
  public OptionalInt port() {
    return parts.port().isPresent() ? parts.port() : Scheme.defaultPort(parts.scheme());
  }

  /// Percent-encoded, dot segments resolved.
  public String path() {
    return parts.path();
  }

  /// All of it as given, filtered parameters too; empty when absent. May hold signed parameters: not for logs.
  public String query() {
    return parts.query();
  }

  /// As serialised.
  UrlParts parts() {
    return parts;
  }

  /// There is an `@` before the host, be it with an empty user name: fine in an id, never in a request.
  public boolean hasUserInfo() {
    return UrlText.hasUserInfo(given);
  }

  /// For people and logs: normalised, without user info, query and fragment.
  public String display() {
    return parts.scheme() + "://" + parts.authority() + parts.path();
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof CanonicalUrl o && text.equals(o.text);
  }

  @Override
  public int hashCode() {
    return text.hashCode();
  }

  /// Same as [#display]: the full text may carry credentials.
  @Override
  public String toString() {
    return display();
  }
}
