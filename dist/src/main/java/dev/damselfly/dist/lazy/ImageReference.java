package dev.damselfly.dist.lazy;

import dev.damselfly.api.error.InvalidValue;
import dev.damselfly.api.id.Digest;
import java.util.Optional;
import java.util.regex.Pattern;

/// `REGISTRY/REPOSITORY:TAG` or `REGISTRY/REPOSITORY@sha256:...`. The registry is always named, as the peer knows it.
///
/// @param registry host with an optional port
/// @param reference tag, or the digest in words
/// @param digest present when the reference is one
public record ImageReference(String registry, String repository, String reference, Optional<Digest> digest) {
  static final int MAX_LENGTH = 512;
  private static final int MAX_REPOSITORY = 255;
  private static final String RULE = "must be REGISTRY/REPOSITORY:TAG or REGISTRY/REPOSITORY@sha256:DIGEST";
  private static final Pattern REGISTRY =
      Pattern.compile("(?:[a-z0-9](?:[a-z0-9.-]{0,252}[a-z0-9])?|\\[[0-9a-f:.]{2,45}\\])(?::[1-9][0-9]{0,4})?");
  private static final String PART = "[a-z0-9]+(?:(?:\\.|_|__|-+)[a-z0-9]+)*+";
  private static final Pattern REPOSITORY = Pattern.compile(PART + "(?:/" + PART + ")*+");
  private static final Pattern TAG = Pattern.compile("[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}");

  /// @throws InvalidValue when it is not of the grammar
  public static ImageReference parse(String text) {
    if (text.length() > MAX_LENGTH) {
      throw new InvalidValue(RULE);
    }
    int slash = text.indexOf('/');
    String registry = slash < 0 ? "" : text.substring(0, slash);
    boolean host = registry.indexOf('.') >= 0 || registry.indexOf(':') >= 0 || registry.equals("localhost");
    if (!host || !REGISTRY.matcher(registry).matches()) {
      throw new InvalidValue(RULE);
    }
    String rest = text.substring(slash + 1);
    int at = rest.indexOf('@');
    int colon = rest.lastIndexOf(':');
    int end = at >= 0 ? at : colon;
    if (end < 1) {
      throw new InvalidValue(RULE);
    }
    String repository = rest.substring(0, end);
    String reference = rest.substring(end + 1);
    if (repository.length() > MAX_REPOSITORY || !REPOSITORY.matcher(repository).matches()) {
      throw new InvalidValue(RULE);
    }
    if (at < 0) {
      if (!TAG.matcher(reference).matches()) {
        throw new InvalidValue(RULE);
      }
      return new ImageReference(registry, repository, reference, Optional.empty());
    }
    Digest digest = Digest.parse(reference);
    if (digest.algorithm() != Digest.Algorithm.SHA256) {
      throw new InvalidValue(RULE);
    }
    return new ImageReference(registry, repository, reference, Optional.of(digest));
  }

  @Override
  public String toString() {
    return registry + "/" + repository + (digest.isPresent() ? "@" : ":") + reference;
  }
}
