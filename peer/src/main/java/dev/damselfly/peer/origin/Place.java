package dev.damselfly.peer.origin;

/// An origin in the sense of the web: scheme, host and port together. Credentials stay within one.
///
/// @param scheme `http` or `https`
/// @param host ASCII name or IP literal without brackets
/// @param port 1..65535
public record Place(String scheme, String host, int port) {
  boolean secure() {
    return scheme.equals("https");
  }
}
