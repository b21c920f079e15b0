package dev.damselfly.nydus;

import static dev.damselfly.nydus.Bytes.require;

/// Chunk addresses of regular files (format 2.9, 2.12): every description of a chunk must agree.
final class Files6 {
  private static final int INDEXES = 0x20;
  private static final int BITS = 0x1F;
  private static final int BLOCK_BITS = 12;
  private static final long HOLE = 0xffff_ffffL;

  private final Bytes in;
  private final Superblock6 superblock;
  private final ChunkTable chunks;
  private final Limits limits;
  private long references;

  Files6(Bytes in, Superblock6 superblock, ChunkTable chunks, Limits limits) {
    this.in = in;
    this.superblock = superblock;
    this.chunks = chunks;
    this.limits = limits;
  }

  void check(Inode6 inode) throws RafsRefused {
    int chunkSize = superblock.chunkSize();
    long count = inode.chunkCount(chunkSize);
    references += count;
    require(references <= limits.chunkReferences(), Code.M24, inode.node().offset() + 8, "chunk addresses are bounded");
    require(count == 0 || chunks.size() > 0, Code.M13, 1184, "files with content need the chunk table");
    long own = format(inode);
    for (long k = 0; k < count; k++) {
      long at = inode.addresses() + 8 * k;
      long record = record(in, chunks, at);
      require(record >= 0, Code.M35, at, "a chunk address names a chunk of the table");
      long block = in.u32(at + 4);
      require(block != HOLE, Code.M35, at + 4, "files have no holes");
      boolean same = block * Superblock6.BLOCK == in.u64(record + 56);
      require(same, Code.M36, at + 4, "a chunk address has the block of the chunk table");
      long expected = Math.min(chunkSize, inode.node().size() - k * chunkSize);
      require(in.u32(record + 44) == expected, Code.M37, at, "chunks have the sizes that the file needs");
      boolean follows = own == chunkSize || k == 0 || follows(at);
      require(follows, Code.M34, inode.node().offset() + 16, "a larger chunk size needs chunks that follow each other");
    }
  }

  /// The chunk size that the inode names: that of the image, or larger where all chunks follow each other.
  private long format(Inode6 inode) throws RafsRefused {
    long format = inode.blockOrFormat();
    long at = inode.node().offset() + 16;
    require((format & ~(INDEXES | BITS)) == 0, Code.M34, at, "no unknown chunk format is set");
    require((format & INDEXES) != 0, Code.M34, at, "a file has chunk addresses");
    long own = 1L << (format & BITS) + BLOCK_BITS;
    require(own >= superblock.chunkSize(), Code.M34, at, "the chunk size of a file is not below that of the image");
    return own;
  }

  private boolean follows(long address) {
    boolean sameBlob = in.u8(address - 8 + 2) == in.u8(address + 2);
    return sameBlob && in.u32(address - 4) + superblock.chunkSize() / Superblock6.BLOCK == in.u32(address + 4);
  }

  /// Offset of the chunk record that an address names, or -1.
  static long record(Bytes in, ChunkTable chunks, long address) {
    int high = in.u16(address + 2);
    int blob = (high & 0xff) - 1;
    return blob < 0 ? -1 : chunks.find(blob, high >> 8 << 16 | in.u16(address));
  }
}
