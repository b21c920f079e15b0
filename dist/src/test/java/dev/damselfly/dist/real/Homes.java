package dev.damselfly.dist.real;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import org.jspecify.annotations.NullMarked;

/// The directory in which a suite has everything that its processes write.
@NullMarked
final class Homes {
  private Homes() {}

  /// Deletes it, as far as that is allowed.
  static void delete(Path home) throws IOException {
    if (Files.exists(home)) {
      try (var files = Files.walk(home)) {
        files.sorted(Comparator.reverseOrder()).forEach(file -> file.toFile().delete());
      }
    }
  }
}
