package dev.damselfly.dist.lazy;

import com.fasterxml.jackson.databind.JsonNode;
import dev.damselfly.dist.lazy.LazyFailed.Kind;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import java.util.Optional;
import java.util.regex.Pattern;

/// Secrets of the caller, from files: never from words of a command line.
public final class CallerSecrets {
  private static final int MOST = 1 << 20;
  private static final Pattern LINE = Pattern.compile("[!-~]{1,8192}");

  private CallerSecrets() {}

  /// @param auths a file as `docker login` and `skopeo login` write it
  /// @param token a file that holds a bearer token of the registry
  /// @param caller a file that holds NAME:TOKEN of a caller of the proxy
  public static Credentials read(ImageReference image, Optional<Path> auths, Optional<Path> token, Optional<Path> caller)
      throws LazyFailed {
    Optional<String> registry = Optional.empty();
    if (token.isPresent()) {
      registry = Optional.of("Bearer " + word(token.get()));
    } else if (auths.isPresent()) {
      registry = basic(auths.get(), image.registry()).map(word -> "Basic " + word);
    }
    Optional<String> mirror = Optional.empty();
    if (caller.isPresent()) {
      byte[] pair = word(caller.get()).getBytes(StandardCharsets.US_ASCII);
      mirror = Optional.of("Basic " + Base64.getEncoder().encodeToString(pair));
    }
    return new Credentials(registry, mirror);
  }

  private static Optional<String> basic(Path file, String registry) throws LazyFailed {
    try {
      JsonNode auth = Json.tree(bytes(file)).path("auths").path(registry).path("auth");
      if (!auth.isTextual() || auth.textValue().isEmpty()) {
        return Optional.empty();
      }
      byte[] pair = Base64.getDecoder().decode(auth.textValue());
      return Optional.of(Base64.getEncoder().encodeToString(pair));
    } catch (IOException | IllegalArgumentException e) {
      throw new LazyFailed(Kind.USAGE, "the file of --authfile is not one that a login writes");
    }
  }

  private static String word(Path file) throws LazyFailed {
    try {
      String text = new String(bytes(file), StandardCharsets.ISO_8859_1).strip();
      if (LINE.matcher(text).matches()) {
        return text;
      }
    } catch (IOException unreadable) {
      // said below
    }
    throw new LazyFailed(Kind.USAGE, "a file of a secret holds one line of printable characters: " + file);
  }

  private static byte[] bytes(Path file) throws IOException {
    try (var in = Files.newInputStream(file)) {
      return in.readNBytes(MOST);
    }
  }
}
