package dev.damselfly.authz.files;

import com.google.errorprone.annotations.MustBeClosed;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.SeekableByteChannel;
import java.nio.file.AccessDeniedException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.nio.file.SecureDirectoryStream;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributeView;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFileAttributeView;
import java.nio.file.attribute.PosixFileAttributes;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.nio.file.attribute.UserPrincipal;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/// An open directory of ours. Everything happens relative to the handle, so a swap of the path afterwards moves nothing (F-18).
///
/// Opened component by component without following links; its owner is the user of this process and nobody else may
/// write, others may not even look (0700 or 0750; F-20). Files are created with 0600. Thread-safe. On the way there may be
/// directories that this user may enter but not read (0711), where nobody else can swap them.
///
/// One that [#openReadable] opens is for programs of other users, too: they may look, and files are created with 0644.
public final class SafeDir implements AutoCloseable {
  private static final Path SELF = Path.of(".");
  private static final Path ROOT = Path.of("/");
  private static final String ENTERED = "each segment of a path must be a directory that may be entered, not a link";
  private static final Set<PosixFilePermission> FORBIDDEN =
      EnumSet.of(
          PosixFilePermission.GROUP_WRITE,
          PosixFilePermission.OTHERS_READ,
          PosixFilePermission.OTHERS_WRITE,
          PosixFilePermission.OTHERS_EXECUTE);
  private static final Set<PosixFilePermission> FORBIDDEN_IF_READABLE =
      EnumSet.of(PosixFilePermission.GROUP_WRITE, PosixFilePermission.OTHERS_WRITE);
  private static final Set<PosixFilePermission> READABLE = PosixFilePermissions.fromString("rw-r--r--");
  private static final Set<PosixFilePermission> READABLE_DIRECTORY = PosixFilePermissions.fromString("rwxr-xr-x");
  private static final FileAttribute<Set<PosixFilePermission>> OWNER_ONLY =
      PosixFilePermissions.asFileAttribute(EnumSet.of(PosixFilePermission.OWNER_READ, PosixFilePermission.OWNER_WRITE));
  private static final FileAttribute<Set<PosixFilePermission>> OWNER_ONLY_DIRECTORY =
      PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------"));

  private final SecureDirectoryStream<Path> handle;
  private final boolean readable;

  private SafeDir(SecureDirectoryStream<Path> handle, boolean readable) {
    this.handle = handle;
    this.readable = readable;
  }

  /// Opens an existing directory. The caller closes it.
  ///
  /// @param path absolute and normal: no `.` or `..`
  /// @throws UnsafeFile for a link anywhere in the path, another owner, or too wide a mode
  @MustBeClosed
  public static SafeDir open(Path path) throws IOException {
    return open(path, false);
  }

  /// Opens an existing directory of ours that others may read, such as one of configuration files. The caller closes it.
  ///
  /// @throws UnsafeFile for a link anywhere in the path, another owner, or when others may write
  @MustBeClosed
  public static SafeDir openReadable(Path path) throws IOException {
    return open(path, true);
  }

  /// Makes the last segment of a path with 0755, whatever the umask is.
  ///
  /// @throws UnsafeFile for a link in the path before it
  public static void createReadable(Path path) throws IOException {
    for (Path at = path.getParent(); at != null; at = at.getParent()) {
      if (Files.isSymbolicLink(at)) {
        throw new UnsafeFile(ENTERED);
      }
    }
    Files.createDirectory(path, OWNER_ONLY_DIRECTORY);
    try (SafeDir made = openReadable(path)) {
      made.handle.getFileAttributeView(PosixFileAttributeView.class).setPermissions(READABLE_DIRECTORY);
    }
  }

  @MustBeClosed
  private static SafeDir open(Path path, boolean readable) throws IOException {
    if (!path.isAbsolute() || !path.equals(path.normalize())) {
      throw new UnsafeFile("a directory is named by an absolute path without '.' and '..'");
    }
    return checked(walk(path), readable);
  }

  /// A directory that may be entered but not read gives no handle: it is passed by name, together with the next segment.
  private static SecureDirectoryStream<Path> walk(Path path) throws IOException {
    SecureDirectoryStream<Path> at = root(path);
    Path ahead = SELF;
    try {
      for (int i = 0; i < path.getNameCount(); i++) {
        Path holder = ahead;
        ahead = ahead.resolve(path.getName(i));
        Optional<SecureDirectoryStream<Path>> next = enter(at, ahead);
        if (next.isPresent()) {
          at.close();
          at = next.get();
          ahead = SELF;
        } else if (i == path.getNameCount() - 1 || !isPassage(at, holder, ahead)) {
          throw new UnsafeFile(ENTERED);
        }
      }
      return at;
    } catch (IOException | RuntimeException e) {
      at.close();
      throw e;
    }
  }

  /// @return nothing when this user may not read it
  private static Optional<SecureDirectoryStream<Path>> enter(SecureDirectoryStream<Path> from, Path name) throws IOException {
    try {
      return Optional.of(step(from, name));
    } catch (UnsafeFile e) {
      if (e.getCause() instanceof AccessDeniedException) {
        return Optional.empty();
      }
      throw e;
    }
  }

  /// Whether a directory is no link and stays none: only this user, or who owns the machine, could put one in its place.
  private static boolean isPassage(SecureDirectoryStream<Path> at, Path holder, Path name) throws IOException {
    PosixFileAttributes above = attributes(at, holder);
    boolean mayBeSwapped = above.permissions().stream().anyMatch(FORBIDDEN_IF_READABLE::contains);
    boolean isTrusted = above.owner().equals(processUser()) || above.owner().equals(Files.getOwner(ROOT));
    return isTrusted && !mayBeSwapped && attributes(at, name).isDirectory();
  }

  private static PosixFileAttributes attributes(SecureDirectoryStream<Path> at, Path name) throws IOException {
    return at.getFileAttributeView(name, PosixFileAttributeView.class, LinkOption.NOFOLLOW_LINKS).readAttributes();
  }

  /// Opens the directory, and makes the last segment of its path with 0700 when it is absent.
  @MustBeClosed
  public static SafeDir openOrCreate(Path path) throws IOException {
    if (!Files.exists(path, LinkOption.NOFOLLOW_LINKS)) {
      Files.createDirectory(path, OWNER_ONLY_DIRECTORY);
    }
    return open(path);
  }

  /// A directory inside this one. The caller closes it.
  @MustBeClosed
  public SafeDir child(FileName name) throws IOException {
    return checked(step(handle, Path.of(name.text())), readable);
  }

  /// Removes an empty directory inside this one.
  public void deleteChild(FileName name) throws IOException {
    handle.deleteDirectory(Path.of(name.text()));
  }

  /// A new, empty file for writing and reading; the name must be free.
  @MustBeClosed
  public FileChannel create(FileName name) throws IOException {
    FileChannel made =
        channel(name, Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE, StandardOpenOption.READ), OWNER_ONLY);
    if (readable) {
      handle
          .getFileAttributeView(Path.of(name.text()), PosixFileAttributeView.class, LinkOption.NOFOLLOW_LINKS)
          .setPermissions(READABLE);
    }
    return made;
  }

  /// An existing regular file of ours for reading.
  @MustBeClosed
  public FileChannel read(FileName name) throws IOException {
    requireOwnFile(name);
    return channel(name, Set.of(StandardOpenOption.READ));
  }

  /// Everything in an existing regular file of ours.
  ///
  /// @throws UnsafeFile when there are more than `most` bytes
  public byte[] bytes(FileName name, int most) throws IOException {
    try (FileChannel in = read(name)) {
      if (in.size() > most) {
        throw new UnsafeFile("a file of this kind has at most " + most + " bytes");
      }
      ByteBuffer bytes = ByteBuffer.allocate((int) in.size());
      while (bytes.hasRemaining() && in.read(bytes) >= 0) {
        // until all is there, or the file became shorter
      }
      return Arrays.copyOf(bytes.array(), bytes.position());
    }
  }

  /// An existing regular file of ours for writing and reading; the position is at the start.
  @MustBeClosed
  public FileChannel write(FileName name) throws IOException {
    requireOwnFile(name);
    return channel(name, Set.of(StandardOpenOption.READ, StandardOpenOption.WRITE));
  }

  public boolean exists(FileName name) throws IOException {
    try {
      var view =
          handle.getFileAttributeView(Path.of(name.text()), BasicFileAttributeView.class, LinkOption.NOFOLLOW_LINKS);
      view.readAttributes();
      return true;
    } catch (NoSuchFileException e) {
      return false;
    }
  }

  /// Moves within the directory in one step; an existing target is replaced.
  public void rename(FileName from, FileName to) throws IOException {
    handle.move(Path.of(from.text()), handle, Path.of(to.text()));
  }

  /// Removes the file, or the link itself: what a link points to is never touched.
  public void delete(FileName name) throws IOException {
    handle.deleteFile(Path.of(name.text()));
  }

  /// Names of all entries, sorted.
  ///
  /// @param limit most entries
  /// @throws UnsafeFile when there are more, or a name that no [FileName] has
  public List<String> names(int limit) throws IOException {
    List<String> names = new ArrayList<>();
    try (DirectoryStream<Path> fresh = handle.newDirectoryStream(SELF, LinkOption.NOFOLLOW_LINKS)) {
      for (Path entry : fresh) {
        if (names.size() >= limit) {
          throw new UnsafeFile("a directory has at most " + limit + " entries");
        }
        names.add(String.valueOf(entry.getFileName()));
      }
    } catch (DirectoryIteratorException e) {
      throw e.getCause();
    }
    names.sort(null);
    return List.copyOf(names);
  }

  /// Makes creations, renames and deletions survive a crash.
  public void sync() throws IOException {
    try (var self = (FileChannel) handle.newByteChannel(SELF, Set.of(StandardOpenOption.READ, LinkOption.NOFOLLOW_LINKS))) {
      self.force(true);
    }
  }

  @Override
  public void close() throws IOException {
    handle.close();
  }

  private FileChannel channel(FileName name, Set<? extends OpenOption> options, FileAttribute<?>... attributes)
      throws IOException {
    Set<OpenOption> all = new HashSet<>(options);
    all.add(LinkOption.NOFOLLOW_LINKS);
    SeekableByteChannel channel = handle.newByteChannel(Path.of(name.text()), all, attributes);
    if (channel instanceof FileChannel file) {
      return file;
    }
    channel.close();
    throw new UnsafeFile("this file system gives no file channels relative to a directory");
  }

  private void requireOwnFile(FileName name) throws IOException {
    PosixFileAttributes attributes = attributes(handle, Path.of(name.text()));
    if (!attributes.isRegularFile()) {
      throw new UnsafeFile("a file must be a regular file, not a link or a device");
    }
    requireOurs(attributes, "file", readable);
  }

  @MustBeClosed
  private static SafeDir checked(SecureDirectoryStream<Path> at, boolean readable) throws IOException {
    try {
      requireOurs(at.getFileAttributeView(PosixFileAttributeView.class).readAttributes(), "directory", readable);
      return new SafeDir(at, readable);
    } catch (IOException | RuntimeException e) {
      at.close();
      throw e;
    }
  }

  private static void requireOurs(PosixFileAttributes attributes, String what, boolean readable) throws IOException {
    if (!attributes.owner().equals(processUser())) {
      throw new UnsafeFile("a " + what + " must belong to the user of this process");
    }
    Set<PosixFilePermission> forbidden = readable ? FORBIDDEN_IF_READABLE : FORBIDDEN;
    if (attributes.permissions().stream().anyMatch(forbidden::contains)) {
      String rule = readable ? " must not be writable by others" : " must be closed to others and not writable by its group";
      throw new UnsafeFile("a " + what + rule);
    }
  }

  /// The owner of `/proc/self`: works for users without a name, as in containers.
  private static UserPrincipal processUser() throws IOException {
    return Files.getOwner(Path.of("/proc/self"));
  }

  @SuppressWarnings("StreamResourceLeak") // handed on, or closed by secure()
  private static SecureDirectoryStream<Path> root(Path path) throws IOException {
    return secure(Files.newDirectoryStream(path.getRoot()));
  }

  private static SecureDirectoryStream<Path> step(SecureDirectoryStream<Path> from, Path segment) throws IOException {
    try {
      return secure(from.newDirectoryStream(segment, LinkOption.NOFOLLOW_LINKS));
    } catch (NoSuchFileException e) {
      throw e;
    } catch (FileSystemException e) {
      throw new UnsafeFile(ENTERED, e);
    }
  }

  private static SecureDirectoryStream<Path> secure(DirectoryStream<Path> stream) throws IOException {
    if (stream instanceof SecureDirectoryStream<Path> secure) {
      return secure;
    }
    stream.close();
    throw new UnsafeFile("this platform has no handles for directories");
  }
}
