package dev.damselfly.authz.identity;

import dev.damselfly.api.error.InvalidValue;
import java.util.List;

/// A SPIFFE ID in its one canonical spelling: `parse(x).toString()` equals `x` (SPIFFE-ID 2, identity.md section 1).
///
/// @param path segments without slashes; empty for the id of the trust domain itself
public record SpiffeId(TrustDomain trustDomain, List<String> path) {
  /// Longest accepted id in bytes (B-38).
  public static final int MAX = 2048;

  private static final String SCHEME = "spiffe://";

  public SpiffeId {
    path = List.copyOf(path);
    long length = (long) SCHEME.length() + trustDomain.name().length();
    for (String segment : path) {
      requireSegment(segment);
      length += 1 + segment.length();
    }
    if (length > MAX) {
      throw new InvalidValue("a SPIFFE ID has at most 2048 bytes");
    }
  }

  /// Reads the canonical spelling only: no case folding, decoding, or cleaning of segments.
  public static SpiffeId parse(String text) {
    if (text.length() > MAX) {
      throw new InvalidValue("a SPIFFE ID has at most 2048 bytes");
    }
    if (!text.startsWith(SCHEME)) {
      throw new InvalidValue("a SPIFFE ID starts with spiffe://");
    }
    String rest = text.substring(SCHEME.length());
    int slash = rest.indexOf('/');
    if (slash < 0) {
      return new SpiffeId(new TrustDomain(rest), List.of());
    }
    return new SpiffeId(
        new TrustDomain(rest.substring(0, slash)), List.of(rest.substring(slash + 1).split("/", -1)));
  }

  private static void requireSegment(String segment) {
    if (segment.isEmpty() || segment.equals(".") || segment.equals("..")) {
      throw new InvalidValue("path segments are not empty, '.' or '..'");
    }
    for (int i = 0; i < segment.length(); i++) {
      char c = segment.charAt(i);
      boolean ok =
          c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '.' || c == '-' || c == '_';
      if (!ok) {
        throw new InvalidValue("path segments have only letters, digits, '.', '-', '_'");
      }
    }
  }

  @Override
  public String toString() {
    var text = new StringBuilder(SCHEME).append(trustDomain);
    path.forEach(segment -> text.append('/').append(segment));
    return text.toString();
  }
}
