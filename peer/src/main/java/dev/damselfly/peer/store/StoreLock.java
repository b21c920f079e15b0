package dev.damselfly.peer.store;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Set;

/// One process per store directory.
final class StoreLock implements AutoCloseable {
  private final FileChannel channel;

  private StoreLock(FileChannel channel) {
    this.channel = channel;
  }

  /// @throws IOException when another store has the directory
  static StoreLock take(Path file) throws IOException {
    var channel =
        FileChannel.open(
            file,
            Set.of(StandardOpenOption.WRITE, StandardOpenOption.CREATE, LinkOption.NOFOLLOW_LINKS),
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
    try {
      if (channel.tryLock() != null) {
        return new StoreLock(channel);
      }
    } catch (OverlappingFileLockException e) {
      channel.close();
      throw new IOException("this process has the content store open already", e);
    } catch (IOException e) {
      channel.close();
      throw e;
    }
    channel.close();
    throw new IOException("another process has the content store open");
  }

  @Override
  public void close() {
    try {
      channel.close();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
