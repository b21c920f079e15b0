package dev.damselfly.dist.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;

/// Whether nobody else can exchange a directory that we make, for a link to somewhere else, while we write in it.
///
/// Each directory on the way belongs to us or to root, and others may not write in it, or it has the sticky bit. Our
/// own group may write: it is a private one where the umask is 002.
final class TrustedParent {
  private static final int STICKY = 01000;
  private static final int GROUP_WRITE = 020;
  private static final int OTHERS_WRITE = 02;

  private TrustedParent() {}

  /// @return the directory without links in its path
  static Path require(Path directory) throws CommandFailed {
    try {
      Path real = directory.toRealPath();
      int uid = number(Path.of("/proc/self"), "unix:uid");
      int gid = number(Path.of("/proc/self"), "unix:gid");
      for (Path at = real; at != null; at = at.getParent()) {
        int owner = number(at, "unix:uid");
        int mode = number(at, "unix:mode");
        boolean group = (mode & GROUP_WRITE) != 0 && number(at, "unix:gid") != gid;
        boolean open = (group || (mode & OTHERS_WRITE) != 0) && (mode & STICKY) == 0;
        if (owner != 0 && owner != uid || open) {
          throw new CommandFailed(ExitCode.REFUSED, "others can exchange what is written below " + at);
        }
      }
      return real;
    } catch (IOException e) {
      throw new CommandFailed(ExitCode.LOCAL_IO, "the directory does not exist: " + directory);
    }
  }

  private static int number(Path path, String attribute) throws IOException {
    return (Integer) Files.getAttribute(path, attribute, LinkOption.NOFOLLOW_LINKS);
  }
}
