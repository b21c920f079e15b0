package dev.damselfly.dist.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;

/// Where the embedded stack of one user keeps everything: `DAMSELFLY_HOME`, else `$XDG_STATE_HOME/damselfly`, else
/// `~/.local/state/damselfly`. Private to its user.
public record StateDir(Path path) {
  public static StateDir ofEnvironment() {
    String own = System.getenv("DAMSELFLY_HOME");
    if (own != null && !own.isEmpty()) {
      return new StateDir(Path.of(own).toAbsolutePath());
    }
    String xdg = System.getenv("XDG_STATE_HOME");
    Path state = xdg != null && xdg.startsWith("/") ? Path.of(xdg) : Path.of(System.getProperty("user.home"), ".local", "state");
    return new StateDir(state.resolve("damselfly"));
  }

  /// Creates the directory with mode 0700, or checks that it is private and ours.
  ///
  /// @throws IOException when it is a link, somebody else's, or open to others
  public StateDir prepared() throws IOException {
    Path parent = path.getParent();
    if (parent != null) {
      Files.createDirectories(parent);
    }
    if (!Files.exists(path, LinkOption.NOFOLLOW_LINKS)) {
      Files.createDirectory(path, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
    }
    if (!Files.isDirectory(path, LinkOption.NOFOLLOW_LINKS)) {
      throw new IOException("the state directory is not a directory: " + path);
    }
    String mode = PosixFilePermissions.toString(Files.getPosixFilePermissions(path, LinkOption.NOFOLLOW_LINKS));
    if (!mode.endsWith("------")) {
      throw new IOException("the state directory is open to others; run chmod 700 " + path);
    }
    return this;
  }

  public Path socket() {
    return path.resolve("daemon.sock");
  }

  public Path log() {
    return path.resolve("daemon.log");
  }

  public Path audit() {
    return path.resolve("audit");
  }

  Path startLock() {
    return path.resolve("start.lock");
  }
}
