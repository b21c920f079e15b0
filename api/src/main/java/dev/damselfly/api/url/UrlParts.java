package dev.damselfly.api.url;

import java.util.Optional;
import java.util.OptionalInt;

/// Components of a parsed URL, each in its serialised form.
///
/// @param userInfo empty, or with its final `@`
/// @param host IPv6 in brackets
/// @param port absent when it is the default of the scheme
/// @param path empty only for schemes without special rules
/// @param query as given, not encoded; empty when absent
record UrlParts(
    String scheme,
    String userInfo,
    String host,
    OptionalInt port,
    String path,
    String query,
    Optional<String> fragment) {
  /// Host and port.
  String authority() {
    return port.isPresent() ? host + ":" + port.getAsInt() : host;
  }

  @Override
  public String toString() {
    return "UrlParts[" + scheme + "://" + authority() + path + "]"; // never credentials
  }
}
