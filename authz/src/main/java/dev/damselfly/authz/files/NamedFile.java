package dev.damselfly.authz.files;

import dev.damselfly.api.error.InvalidValue;
import java.io.IOException;
import java.nio.file.Path;

/// A small file that a configuration names, read once at the start.
public final class NamedFile {
  private NamedFile() {}

  /// One that nobody else may see, in a directory of which the same is true.
  ///
  /// @throws InvalidValue with the rule that the file breaks
  public static byte[] secret(Path path, int most) {
    return bytes(path, most, SafeDir::open);
  }

  /// One that others may read but not write.
  ///
  /// @throws InvalidValue with the rule that the file breaks
  public static byte[] readable(Path path, int most) {
    return bytes(path, most, SafeDir::openReadable);
  }

  private interface Opening {
    SafeDir open(Path folder) throws IOException;
  }

  private static byte[] bytes(Path path, int most, Opening opening) {
    Path folder = path.getParent();
    if (folder == null) {
      throw new InvalidValue("must name a file");
    }
    try (SafeDir dir = opening.open(folder)) {
      return dir.bytes(new FileName(String.valueOf(path.getFileName())), most);
    } catch (UnsafeFile unsafe) {
      throw new InvalidValue("the file is not safe to use: " + unsafe.getMessage());
    } catch (IOException e) {
      throw new InvalidValue("the file cannot be read");
    }
  }
}
