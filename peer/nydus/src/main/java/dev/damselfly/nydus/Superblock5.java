package dev.damselfly.nydus;

import static dev.damselfly.nydus.Bytes.require;

/// Superblock of version 5 (format 5.2): 8192 bytes.
record Superblock5(long inodesCount, ImageFlags flags, int chunkSize, Tables tables, int entries, int blobs) {
  static final long MAGIC = 0x5241_4653L;
  static final int SIZE = 8192;
  static final int EXTENDED = 64;

  record Tables(Table inodes, Table prefetch, Table blobs, Table extended) {}

  static Superblock5 read(Bytes in) throws RafsRefused {
    require(in.length() >= SIZE, Code.M01, in.length(), "a version 5 bootstrap has a superblock of 8192 bytes");
    require(in.u32(4) == 0x500, Code.M02, 4, "the version is 5");
    require(in.u32(8) == SIZE, Code.M02, 8, "the superblock has 8192 bytes");
    int chunkSize = ImageFlags.chunkSize(in, 12);
    ImageFlags flags = ImageFlags.version5(in, 16);
    boolean known = flags.compression() != Compression.GZIP;
    require(known, Code.UNSUPPORTED, 16, "gzip is read in windows of an original layer only");
    in.requireZero(80, SIZE - 80, "reserved bytes of the superblock are 0");
    long entries = in.u32(56);
    require(entries >= 1 && entries * 4 <= in.length(), Code.M49, 56, "the inode table fits the file");
    long inodes = in.u64(24, entries, Code.M49, "no more inodes than table entries");
    long blobs = in.u32(68);
    require(blobs <= Limits.MOST_BLOBS, Code.M50, 68, "at most 254 blobs");
    Tables tables = new Tables(
        table(in, 32, entries * 4, Code.M10),
        table(in, 40, in.u32(60) * 4, Code.M14),
        table(in, 48, in.u32(64), Code.M50),
        table(in, 72, blobs * EXTENDED, Code.M50));
    return new Superblock5(inodes, flags, chunkSize, tables, (int) entries, (int) blobs);
  }

  private static Table table(Bytes in, long field, long size, Code code) throws RafsRefused {
    if (size == 0) {
      return new Table(0, 0);
    }
    long offset = in.u64(field, in.length(), code, "a table starts inside the file");
    require(offset >= SIZE && offset % 8 == 0, code, field, "a table starts after the superblock, at a multiple of 8");
    require(offset + size <= in.length(), code, field, "a table lies inside the file");
    return new Table(offset, size);
  }

  /// Byte offset of the inode of a slot; slots count from 1.
  long offsetOf(Bytes in, long slot) {
    return in.u32(slotAt(slot)) << 3;
  }

  long slotAt(long slot) {
    return tables.inodes.offset() + 4 * (slot - 1);
  }
}
