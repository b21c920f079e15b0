package dev.damselfly.api.id;

import com.google.re2j.Matcher;
import com.google.re2j.Pattern;
import java.util.Optional;

/// What the last part of a registry URL says about its content. The shapes are those of the wire rules: they look at
/// the text as given, and at lengths only.
record RegistryUrl(Kind kind, String reference) {
  enum Kind {
    BLOB,
    MANIFEST
  }

  /// RE2: linear in the text, whatever it holds.
  private static final Pattern BLOB = Pattern.compile("^(.*)://(.*)/v2/(.*)/blobs/([^?]+)(?:\\?.*)?$");

  private static final Pattern MANIFEST = Pattern.compile("^(.*)://(.*)/v2/(.*)/manifests/([^?]+)(?:\\?.*)?$");

  static Optional<RegistryUrl> find(String url) {
    Matcher blob = BLOB.matcher(url);
    if (blob.matches()) {
      return Optional.of(new RegistryUrl(Kind.BLOB, blob.group(4)));
    }
    Matcher manifest = MANIFEST.matcher(url);
    return manifest.matches()
        ? Optional.of(new RegistryUrl(Kind.MANIFEST, manifest.group(4)))
        : Optional.empty();
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
