package dev.damselfly.authz.identity.workload;

import com.sun.security.auth.module.UnixSystem;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.PosixFilePermission;
import java.util.Set;

/// Who may have put a socket where a Workload API is expected.
final class SocketOwner {
  private static final int ROOT = 0;

  private SocketOwner() {}

  /// Checks that nobody but this user or root could have put the socket there.
  ///
  /// @throws java.nio.file.NoSuchFileException when there is no socket yet
  /// @throws UntrustedSocket when it is something else, a link, another user's, or in a directory open to all
  static void require(Path socket) throws IOException {
    Path directory = socket.getParent();
    BasicFileAttributes file = Files.readAttributes(socket, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
    if (!file.isOther()) {
      throw new UntrustedSocket("the workload endpoint must be a socket and no link");
    }
    long own = new UnixSystem().getUid();
    requireOwner(socket, own);
    if (directory == null || Files.isSymbolicLink(directory)) {
      throw new UntrustedSocket("the directory of the workload endpoint must not be a link");
    }
    requireOwner(directory, own);
    Set<PosixFilePermission> mode = Files.getPosixFilePermissions(directory, LinkOption.NOFOLLOW_LINKS);
    if (mode.contains(PosixFilePermission.OTHERS_WRITE)) {
      throw new UntrustedSocket("the directory of the workload endpoint must not be writable by everybody");
    }
  }

  private static void requireOwner(Path path, long own) throws IOException {
    int uid = (int) Files.getAttribute(path, "unix:uid", LinkOption.NOFOLLOW_LINKS);
    if (uid != ROOT && uid != own) {
      throw new UntrustedSocket("the workload endpoint and its directory must belong to this user or to root");
    }
  }

  /// Somebody else could be listening.
  static final class UntrustedSocket extends IOException {
    private static final long serialVersionUID = 1L;

    UntrustedSocket(String rule) {
      super(rule);
    }
  }
}
