package dev.damselfly.nydus;

/// How chunks are stored.
public enum Compression {
  NONE(0, 0x1),
  LZ4_BLOCK(1, 0x2),
  GZIP(2, 0x40),
  ZSTD(3, 0x80);

  private final int number;
  private final int flag;

  Compression(int number, int flag) {
    this.number = number;
    this.flag = flag;
  }

  /// Its bit in the flags of the superblock.
  int flag() {
    return flag;
  }

  static Compression ofNumber(long number, long at) throws RafsRefused {
    for (Compression each : values()) {
      if (each.number == number) {
        return each;
      }
    }
    throw new RafsRefused(Code.M11, at, "compression is none, lz4_block, gzip or zstd");
  }

  static Compression ofFlags(long flags, long at) throws RafsRefused {
    Compression found = null;
    for (Compression each : values()) {
      if ((flags & each.flag) != 0) {
        Bytes.require(found == null, Code.M11, at, "exactly one compression bit is set");
        found = each;
      }
    }
    if (found == null) {
      throw new RafsRefused(Code.M11, at, "exactly one compression bit is set");
    }
    return found;
  }
}
