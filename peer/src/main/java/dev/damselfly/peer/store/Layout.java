package dev.damselfly.peer.store;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;

/// Places below the store's directory.
///
/// @param lock held until the store is closed
record Layout(Path content, Path metadata, StoreLock lock) {
  static Layout of(Path directory) throws IOException {
    RealDisk.privateDirectory(directory);
    var permissions = Files.getPosixFilePermissions(directory, LinkOption.NOFOLLOW_LINKS);
    if (permissions.contains(PosixFilePermission.GROUP_WRITE) || permissions.contains(PosixFilePermission.OTHERS_WRITE)) {
      throw new IOException("the store directory must not be writable by group or others");
    }
    var lock = StoreLock.take(directory.resolve("lock"));
    Path content = directory.resolve("content");
    RealDisk.privateDirectory(content);
    return new Layout(content, directory.resolve("store.db"), lock);
  }
}
