package dev.damselfly.api.id;

import java.util.Optional;

/// What the last part of a registry URL says about its content. The shapes are those of the wire rules: they look at
/// the text as given, and at lengths only.
record RegistryUrl(Kind kind, String reference) {
  enum Kind {
    BLOB,
    MANIFEST
  }

  private static final String API = "/v2/";

  static Optional<RegistryUrl> find(String url) {
    Optional<RegistryUrl> blob = reference(url, "/blobs/").map(text -> new RegistryUrl(Kind.BLOB, text));
    return blob.isPresent()
        ? blob
        : reference(url, "/manifests/").map(text -> new RegistryUrl(Kind.MANIFEST, text));
  }

  /// Group 4 of `^(.*)://(.*)/v2/(.*)MARK([^?]+)(?:\?.*)?$`, greedy: the text behind the last mark that has one.
  private static Optional<String> reference(String url, String mark) {
    int scheme = url.indexOf("://");
    int api = scheme < 0 ? -1 : url.indexOf(API, scheme + 3);
    if (api < 0) {
      return Optional.empty();
    }
    int at = url.lastIndexOf(mark);
    while (at >= 0 && isEnd(url, at + mark.length())) {
      at = url.lastIndexOf(mark, at - 1);
    }
    if (at < api + API.length()) {
      return Optional.empty();
    }
    int start = at + mark.length();
    int query = url.indexOf('?', start);
    return Optional.of(url.substring(start, query < 0 ? url.length() : query));
  }

  private static boolean isEnd(String url, int at) {
    return at == url.length() || url.charAt(at) == '?';
  }

  /// Text behind the algorithm name, if the reference has the shape of a digest.
  Optional<String> encoded() {
    int colon = reference.indexOf(':');
    if (colon < 0) {
      return Optional.empty();
    }
    String text = reference.substring(colon + 1);
    boolean digest =
        switch (reference.substring(0, colon)) {
          case "sha256" -> text.length() == 64;
          case "sha512" -> text.length() == 128;
          case "crc32" -> !text.isEmpty();
          default -> false;
        };
    return digest ? Optional.of(text) : Optional.empty();
  }
}
