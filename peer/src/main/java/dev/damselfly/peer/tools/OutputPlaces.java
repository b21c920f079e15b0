package dev.damselfly.peer.tools;

import com.google.errorprone.annotations.MustBeClosed;
import dev.damselfly.api.error.Field;
import dev.damselfly.api.error.InvalidValue;
import dev.damselfly.api.error.Reason;
import dev.damselfly.api.error.RequestFailure.Refused;
import dev.damselfly.authz.files.FileName;
import dev.damselfly.authz.files.SafeDir;
import java.io.IOException;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.List;

/// Where the daemon may write files for its own user (S-TLS-2): in the configured directories and below, in directories
/// that belong to this user and that nobody else can write in, never through a link. Immutable.
public final class OutputPlaces {
  private static final int MAX_PATH = 4096;
  private static final String FIELD = "download.output_path";

  private final List<Path> directories;

  public OutputPlaces(List<Path> directories) {
    this.directories = List.copyOf(directories);
  }

  /// Opens a new output.
  ///
  /// @throws dev.damselfly.api.error.RequestFailure when it may not be written there, or is there already
  @MustBeClosed
  @SuppressWarnings("MustBeClosedChecker") // the sink owns its directory
  FileSink open(String text, boolean overwrite) {
    Path path = Field.parse(FIELD, () -> parse(text));
    Path directory = path.getParent();
    if (directory == null || directories.stream().noneMatch(directory::startsWith)) {
      throw new Refused(
          Reason.FORBIDDEN_FIELD,
          FIELD + ": must lie below one of download-socket.output-directories; or use --transfer-from-dfdaemon");
    }
    FileName name = Field.parse(FIELD, () -> new FileName(String.valueOf(path.getFileName())));
    try {
      return FileSink.create(SafeDir.openReadable(directory), name, overwrite);
    } catch (IOException e) {
      throw new Refused(
          Reason.FORBIDDEN_FIELD,
          FIELD + ": must be a new file in a directory of the daemon's user that nobody else can write in, not behind a link");
    }
  }

  private static Path parse(String text) {
    if (text.length() > MAX_PATH || text.chars().anyMatch(c -> c < ' ' || c == 0x7f)) {
      throw new InvalidValue("has at most 4096 characters, none of them a control character");
    }
    try {
      Path path = Path.of(text);
      if (!path.isAbsolute() || !path.equals(path.normalize())) {
        throw new InvalidValue("must be absolute, without '.' and '..'");
      }
      return path;
    } catch (InvalidPathException e) {
      throw new InvalidValue("must be a path of this system");
    }
  }
}
