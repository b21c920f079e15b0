package dev.damselfly.dist.runtime;

import dev.damselfly.api.error.InvalidValue;
import dev.damselfly.authz.files.FileName;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/// The programs that can be told of the mirror, and what they want to read. cri-o and podman read the same file.
public enum ContainerRuntime {
  CONTAINERD("containerd", "/etc/containerd/certs.d", "hosts.toml"),
  CRI_O("cri-o", "/etc/containers/registries.conf.d", "99-damselfly.conf"),
  PODMAN("podman", "/etc/containers/registries.conf.d", "99-damselfly.conf");

  private final String word;
  private final String directory;
  private final String file;

  ContainerRuntime(String word, String directory, String file) {
    this.word = word;
    this.directory = directory;
    this.file = file;
  }

  public static Optional<ContainerRuntime> named(String word) {
    return Arrays.stream(values()).filter(one -> one.word.equals(word)).findFirst();
  }

  /// The name on the command line.
  public String word() {
    return word;
  }

  /// Where it looks by itself.
  public Path directory() {
    return Path.of(directory);
  }

  /// Each registry has a directory of its own, and requests say which one they want.
  public boolean tellsRegistriesApart() {
    return this == CONTAINERD;
  }

  FileName file() {
    return new FileName(file);
  }

  /// @throws InvalidValue for a name that stands twice, and for more registries than one when requests do not name theirs
  List<Document> documents(Origin mirror, List<MirroredRegistry> registries) {
    var folders = new HashSet<String>();
    if (!registries.stream().allMatch(one -> folders.add(one.name().folder().text().toLowerCase(Locale.ROOT)))) {
      throw new InvalidValue("a registry must not stand twice");
    }
    if (tellsRegistriesApart()) {
      return registries.stream().map(one -> new Document(Optional.of(one.name().folder()), file(), hosts(mirror, one))).toList();
    }
    if (registries.size() != 1) {
      throw new InvalidValue(
          "must be one only: " + word + " does not tell a mirror which registry it wants, so the mirror asks its default one");
    }
    return List.of(new Document(Optional.empty(), file(), registries(mirror, registries.getFirst())));
  }

  private static String hosts(Origin mirror, MirroredRegistry registry) {
    return """
        server = %s

        [host.%s]
          capabilities = ["pull", "resolve"]
        """
        .formatted(quoted(registry.origin()), quoted(mirror));
  }

  private static String registries(Origin mirror, MirroredRegistry registry) {
    boolean usual = registry.origin().equals(registry.name().usualOrigin());
    return """
        [[registry]]
        prefix = %s
        location = %s
        insecure = %s

        [[registry.mirror]]
        location = %s
        insecure = true
        """
        .formatted(
            quoted(registry.name()),
            usual ? quoted(registry.name()) : quoted(registry.origin().authority()),
            registry.origin().isPlain(),
            quoted(mirror.authority()));
  }

  /// A TOML string. The types admit no character that would need an escape; this holds them to it (S-RTC-1).
  private static String quoted(Object value) {
    String text = value.toString();
    if (!text.matches("[A-Za-z0-9.:/\\[\\]-]{1,512}")) {
      throw new IllegalStateException("a checked name has a character that TOML would read");
    }
    return '"' + text + '"';
  }
}
