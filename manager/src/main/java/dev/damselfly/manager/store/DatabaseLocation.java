package dev.damselfly.manager.store;

import dev.damselfly.api.error.InvalidValue;
import java.nio.file.Path;

/// Where the rows are kept.
public sealed interface DatabaseLocation {
  /// Files in a directory that only this process uses.
  record Directory(Path path) implements DatabaseLocation {
    private static final int MAX = 1024;

    /// The characters are limited because the path becomes part of a URL with settings in it.
    public Directory {
      String text = path.toString();
      if (!path.isAbsolute() || text.length() > MAX || !path.equals(path.normalize())) {
        throw new InvalidValue("must be an absolute path without dot segments");
      }
      if (!text.chars().allMatch(Directory::allowed)) {
        throw new InvalidValue("a path has only letters, digits, '/', '.', '-', '_'");
      }
    }

    public static Directory parse(String text) {
      if (text.indexOf('\0') >= 0) {
        throw new InvalidValue("a path has only letters, digits, '/', '.', '-', '_'");
      }
      return new Directory(Path.of(text));
    }

    private static boolean allowed(int c) {
      return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || "/.-_".indexOf(c) >= 0;
    }
  }

  /// Memory that ends with the process: tests only, no configuration key leads here.
  ///
  /// @param name keeps databases of one JVM apart
  record Memory(String name) implements DatabaseLocation {
    public Memory {
      if (name.isEmpty() || !name.chars().allMatch(c -> c >= 'a' && c <= 'z' || c >= '0' && c <= '9')) {
        throw new InvalidValue("a name has only a-z and 0-9");
      }
    }
  }
}
