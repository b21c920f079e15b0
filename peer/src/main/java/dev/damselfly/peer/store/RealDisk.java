package dev.damselfly.peer.store;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileStore;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NotDirectoryException;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Set;

/// The file system below a private directory. No file is shared with anybody: mode 0600, one name per inode (S-DLG-4).
final class RealDisk implements Disk {
  private static final Set<OpenOption> OPTIONS =
      Set.of(StandardOpenOption.READ, StandardOpenOption.WRITE, StandardOpenOption.CREATE, LinkOption.NOFOLLOW_LINKS);

  private final Path root;

  RealDisk(Path root) {
    this.root = root;
  }

  /// Creates the directory with mode 0700 when absent.
  static void privateDirectory(Path directory) throws IOException {
    try {
      Files.createDirectory(directory, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
    } catch (FileAlreadyExistsException e) {
      if (!Files.isDirectory(directory, LinkOption.NOFOLLOW_LINKS)) {
        throw new NotDirectoryException(directory.toString());
      }
    }
  }

  @Override
  public FileChannel open(Path file) throws IOException {
    Path parent = file.resolve("..").normalize();
    privateDirectory(parent);
    boolean fresh = !Files.exists(file, LinkOption.NOFOLLOW_LINKS);
    var mode = PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------"));
    var channel = FileChannel.open(file, OPTIONS, mode);
    try {
      if (fresh) {
        forceDirectory(parent);
      }
      requireOwn(file);
      return channel;
    } catch (IOException e) {
      channel.close();
      throw e;
    }
  }

  /// @throws IOException when the file is no plain file or has a second name, through which others could change it
  static void requireOwn(Path file) throws IOException {
    boolean plain = Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS);
    if (!plain || !Integer.valueOf(1).equals(Files.getAttribute(file, "unix:nlink", LinkOption.NOFOLLOW_LINKS))) {
      throw new IOException("a content file must be a plain file with one name");
    }
  }

  private static void forceDirectory(Path directory) throws IOException {
    try (var channel = FileChannel.open(directory, StandardOpenOption.READ)) {
      channel.force(true);
    }
  }

  @Override
  public int write(FileChannel channel, ByteBuffer bytes, long position) throws IOException {
    return channel.write(bytes, position);
  }

  @Override
  public int read(FileChannel channel, ByteBuffer into, long position) throws IOException {
    return channel.read(into, position);
  }

  @Override
  public void force(FileChannel channel) throws IOException {
    channel.force(false);
  }

  @Override
  public void delete(Path file) throws IOException {
    Files.deleteIfExists(file);
  }

  @Override
  public long freeBytes() throws IOException {
    return fileStore().getUsableSpace();
  }

  @Override
  public long totalBytes() throws IOException {
    return fileStore().getTotalSpace();
  }

  private FileStore fileStore() throws IOException {
    return Files.getFileStore(root);
  }
}
