package dev.damselfly.dist.runtime;

import dev.damselfly.authz.files.FileName;
import java.nio.file.Path;
import java.util.Optional;

/// What happens to one file.
///
/// @param path for people
/// @param text content that the file gets; empty when it gets what it had, or goes away
public record Step(Act act, Optional<FileName> folder, FileName name, Path path, String text) {
  /// The ways to change a file.
  public enum Act {
    NOTHING("is so already"),
    WRITE("is new"),
    REPLACE("replaces what an earlier run wrote"),
    KEEP_AND_WRITE("replaces a file that is kept beside it"),
    RESTORE("is what it was before"),
    DELETE("goes away"),
    DELETE_WITH_FOLDER("goes away with its directory");

    private final String meaning;

    Act(String meaning) {
      this.meaning = meaning;
    }

    public String meaning() {
      return meaning;
    }
  }

  /// Name of what stood there before.
  static FileName backup(FileName name) {
    return new FileName(name.text() + ".before-damselfly");
  }
}
