package dev.damselfly.fuzz;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.List;

/// A directory of a target's own, and a canary beside it that nothing may open for writing, move, link or list anew.
final class Sandbox {
  private static final String TEXT = "canary";

  private final Path root;
  private final Path outside;
  private final Path canary;
  private final FileTime outsideMade;

  Sandbox(String name) {
    try {
      root = Files.createTempDirectory(name);
      outside = Files.createDirectory(root.resolve("outside"));
      canary = Files.writeString(outside.resolve("file"), TEXT);
      Files.createDirectory(root.resolve("own"));
      outsideMade = Files.getLastModifiedTime(outside);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /// Something that is made from files.
  interface Making<T> {
    T make() throws IOException;
  }

  static <T> T made(Making<T> making) {
    try {
      return making.make();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  Path own() {
    return root.resolve("own").resolve("state");
  }

  /// Path of the file that must stay as it is.
  String canary() {
    return canary.toString();
  }

  /// @throws AssertionError when the canary or its directory was changed
  void requireUntouched() {
    try (var files = Files.list(outside)) {
      boolean same =
          files.toList().equals(List.of(canary))
              && Files.readString(canary).equals(TEXT)
              && Files.getLastModifiedTime(outside).equals(outsideMade);
      if (!same) {
        throw new AssertionError("the canary was touched");
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
