package dev.damselfly.authz.identity.workload;

import com.sun.security.auth.module.UnixSystem;
import dev.damselfly.api.error.InvalidValue;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.PosixFilePermission;
import java.util.Set;

/// A Unix socket that a Workload API listens on.
public record WorkloadEndpoint(Path socket) {
  private static final String SCHEME = "unix://";
  private static final int MAX = 100; // a socket address holds 104 bytes or a few more, depending on the system
  private static final int ROOT = 0;

  public WorkloadEndpoint {
    if (!socket.isAbsolute()) {
      throw new InvalidValue("the socket must have an absolute path");
    }
  }

  /// Reads the form of `SPIFFE_ENDPOINT_SOCKET` (Workload Endpoint 4): `unix:///absolute/path` or `unix:/absolute/path`. TCP endpoints are
  /// refused: a network address does not tell the workload API who calls.
  public static WorkloadEndpoint parse(String text) {
    if (!text.startsWith("unix:/")) {
      throw new InvalidValue("a workload endpoint starts with unix:///");
    }
    String rest = text.substring("unix:".length());
    String path = rest.startsWith("//") ? rest.substring(2) : rest;
    if (SCHEME.length() + path.length() > MAX) {
      throw new InvalidValue("a workload endpoint has at most " + MAX + " characters");
    }
    if (!path.startsWith("/")) {
      throw new InvalidValue("a workload endpoint has no authority and an absolute path");
    }
    for (String segment : path.substring(1).split("/", -1)) {
      requireSegment(segment);
    }
    return new WorkloadEndpoint(Path.of(path));
  }

  private static void requireSegment(String segment) {
    if (segment.isEmpty() || segment.equals(".") || segment.equals("..")) {
      throw new InvalidValue("segments of a workload endpoint are not empty, '.' or '..'");
    }
    for (int i = 0; i < segment.length(); i++) {
      char c = segment.charAt(i);
      if (c <= ' ' || c >= 0x7f || c == '?' || c == '#' || c == '%' || c == '\\') {
        throw new InvalidValue("a workload endpoint has no query, fragment, escapes or control characters");
      }
    }
  }

  /// Checks that nobody but this user or root could have put the socket there.
  ///
  /// @throws java.nio.file.NoSuchFileException when there is no socket yet
  /// @throws UntrustedSocket when it is something else, a link, another user's, or in a directory open to all
  void requireTrusted() throws IOException {
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
