package dev.damselfly.nydus;

import static dev.damselfly.nydus.Bytes.require;

/// Digests of the inodes of version 5 (format 5.5), from the chunk digests up to the root.
///
/// They cover content and the shape of the tree, not names, owners or modes: they never replace the digest of the
/// layer. All inodes have a digest, or none.
final class HashTree5 {
  private final Bytes in;
  private final Superblock5 superblock;

  HashTree5(Bytes in, Superblock5 superblock) {
    this.in = in;
    this.superblock = superblock;
  }

  void check() throws RafsRefused {
    boolean none = isZero(superblock.offsetOf(in, 1));
    for (int slot = 1; slot <= superblock.entries(); slot++) {
      long at = superblock.offsetOf(in, slot);
      require(isZero(at) == none, Code.M50, at, "all inodes have a digest, or none has");
      if (!none) {
        boolean holds = in.compare(at, computed(Inode5.read(in, at)), DigestAlgorithm.LENGTH) == 0;
        require(holds, Code.M50, at, "an inode has the digest of its content");
      }
    }
  }

  private byte[] computed(Inode5 inode) {
    DigestAlgorithm.Running digest = superblock.flags().digest().start();
    switch (inode.node().type()) {
      case FILE -> {
        for (long k = 0; k < inode.children().count(); k++) {
          digest.add(in.copy(inode.chunkAt(k), DigestAlgorithm.LENGTH));
        }
      }
      case DIRECTORY -> {
        for (long k = 0; k < inode.childCount(); k++) {
          digest.add(in.copy(superblock.offsetOf(in, inode.children().first() + k), DigestAlgorithm.LENGTH));
        }
      }
      case SYMLINK -> digest.add(in.copy(inode.target().offset(), (int) inode.target().size()));
      case CHARACTER_DEVICE, BLOCK_DEVICE, FIFO, SOCKET -> {}
    }
    return digest.end();
  }

  private boolean isZero(long at) {
    return in.isZero(at, DigestAlgorithm.LENGTH);
  }
}
