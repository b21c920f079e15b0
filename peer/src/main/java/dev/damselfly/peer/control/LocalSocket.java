package dev.damselfly.peer.control;

import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFileAttributeView;
import java.nio.file.attribute.PosixFileAttributes;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.nio.file.attribute.UserPrincipal;
import java.util.Set;

/// Opens a Unix socket in a directory that only the daemon can change.
public final class LocalSocket {
  private static final int BACKLOG = 128;

  private LocalSocket() {}

  /// @throws IOException when the directory belongs to somebody else or others can write to it, when another daemon
  /// listens there, or when the socket cannot be made
  static ServerSocketChannel open(Path socket, LocalPeople people) throws IOException {
    prepare(socket, people);
    ServerSocketChannel channel = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
    try {
      channel.bind(UnixDomainSocketAddress.of(socket), BACKLOG);
      openTo(socket, people);
      return channel;
    } catch (IOException e) {
      channel.close();
      throw e;
    }
  }

  /// Makes the place for a socket: its directory, and no dead socket in it.
  ///
  /// @throws IOException when the directory belongs to somebody else or others can write to it, or when another daemon
  /// listens there
  public static void prepare(Path socket, LocalPeople people) throws IOException {
    Path directory = socket.toAbsolutePath().getParent();
    if (directory == null) {
      throw new IOException("the local socket needs a directory of its own");
    }
    prepare(directory, people.namesOthers());
    removeDead(socket);
  }

  /// Gives a socket in a prepared place its final mode.
  public static void openTo(Path socket, LocalPeople people) throws IOException {
    // Following links is safe here: nobody else can write in the directory. A socket cannot be opened for a handle.
    var view = Files.getFileAttributeView(socket, PosixFileAttributeView.class);
    if (people.group().isPresent()) {
      view.setGroup(people.group().get());
    }
    boolean byUser = people.namesOthers() && people.group().isEmpty();
    view.setPermissions(PosixFilePermissions.fromString(byUser ? "rw-rw-rw-" : "rw-rw----"));
  }

  /// Removes a socket whose listener is closed.
  public static void remove(Path socket) throws IOException {
    Files.deleteIfExists(socket);
  }

  /// Who connects before the socket has its final mode is checked by the kernel's word all the same.
  private static void prepare(Path directory, boolean othersMayEnter) throws IOException {
    var mode = PosixFilePermissions.fromString(othersMayEnter ? "rwx--x--x" : "rwx------");
    if (!Files.exists(directory, LinkOption.NOFOLLOW_LINKS)) {
      Files.createDirectories(directory, PosixFilePermissions.asFileAttribute(mode));
    }
    var attributes = Files.readAttributes(directory, PosixFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
    Set<PosixFilePermission> now = attributes.permissions();
    boolean othersWrite =
        now.contains(PosixFilePermission.GROUP_WRITE) || now.contains(PosixFilePermission.OTHERS_WRITE);
    if (!attributes.isDirectory() || !attributes.owner().equals(self(directory)) || othersWrite) {
      throw new IOException("the directory of the local socket must be the daemon's own and closed to writers");
    }
    Files.getFileAttributeView(directory, PosixFileAttributeView.class, LinkOption.NOFOLLOW_LINKS).setPermissions(mode);
  }

  /// The user that owns what this process makes.
  static UserPrincipal self(Path directory) throws IOException {
    Path probe = Files.createTempFile(directory, ".owner-", "");
    try {
      return Files.getOwner(probe, LinkOption.NOFOLLOW_LINKS);
    } finally {
      Files.delete(probe);
    }
  }

  private static void removeDead(Path socket) throws IOException {
    if (!Files.exists(socket, LinkOption.NOFOLLOW_LINKS)) {
      return;
    }
    try (SocketChannel probe = SocketChannel.open(StandardProtocolFamily.UNIX)) {
      probe.connect(UnixDomainSocketAddress.of(socket));
      throw new DaemonAlive();
    } catch (DaemonAlive alive) {
      throw alive;
    } catch (IOException nobodyListens) {
      Files.delete(socket);
    }
  }

  /// Another daemon answers on the socket.
  private static final class DaemonAlive extends IOException {
    private static final long serialVersionUID = 1L;

    DaemonAlive() {
      super("another daemon listens on the local socket");
    }
  }
}
