package dev.damselfly.peer.origin;

import dev.damselfly.api.error.InvalidValue;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Set;

/// Which headers of a caller go to an origin.
final class RequestHeaders {
  static final int MAX_COUNT = 64;
  static final int MAX_BYTES = 16 << 10;

  /// Say nothing about who asks: they may follow a redirect anywhere. Every other header counts as a credential.
  private static final Set<String> HARMLESS =
      Set.of("accept", "accept-language", "cache-control", "pragma", "user-agent");

  /// Belong to the connection or to us; a caller's are not sent.
  private static final Set<String> OURS =
      Set.of(
          "accept-encoding", "connection", "content-length", "expect", "host", "if-match", "if-modified-since",
          "if-none-match", "if-range", "if-unmodified-since", "keep-alive", "proxy-authorization", "proxy-connection",
          "range", "te", "trailer", "transfer-encoding", "upgrade");

  private RequestHeaders() {}

  /// The caller's headers that may be sent, names in lower case.
  ///
  /// @throws InvalidValue for too many, a name that is no token, or a value with control characters (B-24)
  static Map<String, String> sendable(Map<String, String> given) {
    if (given.size() > MAX_COUNT) {
      throw new InvalidValue("at most " + MAX_COUNT + " request headers");
    }
    var headers = new LinkedHashMap<String, String>();
    long bytes = 0;
    for (var header : given.entrySet()) {
      requireToken(header.getKey());
      requireText(header.getValue());
      bytes += header.getKey().length() + header.getValue().length();
      String name = header.getKey().toLowerCase(Locale.ROOT);
      if (!OURS.contains(name) && headers.put(name, header.getValue()) != null) {
        throw new InvalidValue("a request header must not appear twice");
      }
    }
    if (bytes > MAX_BYTES) {
      throw new InvalidValue("request headers have at most " + MAX_BYTES + " characters");
    }
    return headers;
  }

  /// What may follow a redirect to another origin.
  static Map<String, String> withoutCredentials(Map<String, String> headers) {
    var kept = new LinkedHashMap<>(headers);
    kept.keySet().removeIf(name -> !HARMLESS.contains(name));
    return kept;
  }

  /// Whether the header, if sent, may decide about what the origin answers to whom.
  static boolean isCredential(String name) {
    String lower = name.toLowerCase(Locale.ROOT);
    return !HARMLESS.contains(lower) && !OURS.contains(lower);
  }

  private static void requireToken(String name) {
    if (name.isEmpty() || name.length() > 256) {
      throw new InvalidValue("a header name has 1 to 256 characters");
    }
    for (int i = 0; i < name.length(); i++) {
      char c = name.charAt(i);
      boolean alphanumeric = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
      if (!alphanumeric && "!#$%&'*+-.^_`|~".indexOf(c) < 0) {
        throw new InvalidValue("a header name must be a token");
      }
    }
  }

  private static void requireText(String value) {
    for (int i = 0; i < value.length(); i++) {
      char c = value.charAt(i);
      if ((c < ' ' && c != '\t') || c == 0x7f || c > 0xff) {
        throw new InvalidValue("a header value must not hold control characters");
      }
    }
  }
}
