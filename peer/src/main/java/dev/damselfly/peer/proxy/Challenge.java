package dev.damselfly.peer.proxy;

import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/// A `WWW-Authenticate` header of a registry (RFC 9110 11.6.1, RFC 6750 3): Basic or Bearer, one of them per header.
///
/// Clients send their password to the realm of a Bearer challenge, so one is passed on only when the configuration knows
/// the realm's host (S-PXY-4).
///
/// @param bearer else Basic
/// @param parameters names in lower case
record Challenge(boolean bearer, Map<String, String> parameters) {
  private static final int MAX_LENGTH = 4096;
  private static final Set<String> KEPT = Set.of("realm", "service", "scope", "error");

  Challenge {
    parameters = Map.copyOf(parameters);
  }

  /// Empty for another scheme, several challenges in one header, or anything that is not of the grammar.
  static Optional<Challenge> parse(String text) {
    if (text.length() > MAX_LENGTH) {
      return Optional.empty();
    }
    int blank = text.indexOf(' ');
    String scheme = blank < 0 ? "" : text.substring(0, blank).toLowerCase(Locale.ROOT);
    if (!scheme.equals("bearer") && !scheme.equals("basic")) {
      return Optional.empty();
    }
    var parameters = new LinkedHashMap<String, String>();
    boolean good = new Reader(text, blank + 1).into(parameters) && parameters.containsKey("realm");
    return good ? Optional.of(new Challenge(scheme.equals("bearer"), parameters)) : Optional.empty();
  }

  /// Whether clients may answer it.
  boolean isSafeFor(Upstream upstream) {
    return !bearer || upstream.mayAuthenticateAt(parameters.getOrDefault("realm", ""));
  }

  /// What callers are told when theirs would go to a strange place.
  static Refusal strange() {
    return new Refusal(
        502,
        Refusal.Code.UNAVAILABLE,
        "the registry sends callers to a token service that the mirror does not know; name its origin in proxy.upstreams.realms");
  }

  /// The header value, spelt by us.
  String text() {
    var out = new StringBuilder(bearer ? "Bearer " : "Basic ");
    for (String name : new String[] {"realm", "service", "scope", "error"}) {
      String value = parameters.get(name);
      if (value != null) {
        out.append(name.equals("realm") ? "" : ",").append(name).append("=\"").append(value).append('"');
      }
    }
    return out.toString();
  }

  /// Parameters from a position to the end.
  private static final class Reader {
    private final String text;
    private int at;

    Reader(String text, int at) {
      this.text = text;
      this.at = at;
    }

    /// @return false for what is not of the grammar
    boolean into(Map<String, String> parameters) {
      while (true) {
        skipBlanks();
        String name = word().toLowerCase(Locale.ROOT);
        if (name.isEmpty() || !take('=')) {
          return false;
        }
        String value = at < text.length() && text.charAt(at) == '"' ? quoted() : word();
        if (value.isEmpty() || (KEPT.contains(name) && parameters.put(name, value) != null)) {
          return false;
        }
        skipBlanks();
        if (at == text.length()) {
          return true;
        }
        if (!take(',')) {
          return false;
        }
      }
    }

    private boolean take(char wanted) {
      boolean there = at < text.length() && text.charAt(at) == wanted;
      at += there ? 1 : 0;
      return there;
    }

    private void skipBlanks() {
      while (at < text.length() && text.charAt(at) == ' ') {
        at++;
      }
    }

    private String word() {
      int start = at;
      while (at < text.length() && isWord(text.charAt(at))) {
        at++;
      }
      return text.substring(start, at);
    }

    private static boolean isWord(char c) {
      return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || "-._~+/".indexOf(c) >= 0;
    }

    /// Without the quotes; escapes would be a second spelling, and no registry uses them.
    private String quoted() {
      int end = text.indexOf('"', at + 1);
      String value = end < 0 ? "" : text.substring(at + 1, end);
      if (!value.chars().allMatch(c -> c >= ' ' && c < 0x7f && c != '\\')) {
        return "";
      }
      at = end + 1;
      return value;
    }
  }
}
