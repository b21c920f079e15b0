package dev.damselfly.nydus;

import static dev.damselfly.nydus.Bytes.require;

/// EROFS superblock and its RAFS extension (format 2.2, 2.3).
record Superblock6(
    int rootNid, long inos, long blocks, long meta, int devices, ImageFlags flags, int chunkSize, Tables tables) {
  static final long MAGIC_AT = 1024;
  static final long MAGIC = 0xE0F5_E1E2L;
  static final int BLOCK = 4096;
  static final long DEVICES_AT = 1408;
  static final int DEVICE = 128;
  static final int BLOB = 256;
  private static final long EXT = 1152;
  private static final long COMPAT_RAFS = 0x4000_0000L;
  private static final long INCOMPAT = 0xC;

  record Tables(Table blobs, Table chunks, Table prefetch) {}

  static Superblock6 read(Bytes in) throws RafsRefused {
    requireFixedFields(in);
    int devices = in.u16(1110);
    require(devices <= Limits.MOST_BLOBS, Code.M08, 1110, "at most 254 devices");
    in.requireInside(DEVICES_AT, (long) DEVICE * devices, Code.M08, "device slots lie inside the file");
    int root = in.u16(1038);
    require(root > 0, Code.M06, 1038, "the root has a number");
    long inos = in.u64(1040);
    require(inos != 0, Code.M06, 1040, "the number of inodes is not 0");
    long meta = in.u32(1064) * BLOCK;
    require(meta >= (devices == 0 ? 0 : BLOCK), Code.M07, 1064, "metadata follow the superblock");
    require(meta < in.length(), Code.M07, 1064, "metadata lie inside the file");
    long devicesEnd = DEVICES_AT + (long) DEVICE * devices;
    require(devices == 0 || meta >= devicesEnd, Code.M07, 1064, "metadata follow the device slots");
    ImageFlags flags = ImageFlags.version6(in, EXT);
    int chunkSize = ImageFlags.chunkSize(in, EXT + 20);
    in.requireZero(EXT + 52, 204, "reserved bytes of the extended superblock are 0");
    Tables tables = new Tables(blobTable(in, devices, devicesEnd), chunkTable(in), prefetchTable(in));
    return new Superblock6(root, inos, in.u32(1060), meta, devices, flags, chunkSize, tables);
  }

  private static void requireFixedFields(Bytes in) throws RafsRefused {
    in.requireZero(0, MAGIC_AT, "the boot area is 0");
    long compat = in.u32(1032);
    require(in.u16(1112) != 9 || (compat & 3) != 3, Code.UNSUPPORTED_VERSION, 1112, "fs-version 7 is not supported");
    require(in.u32(1028) == 0, Code.M03, 1028, "there is no superblock checksum");
    require(compat == COMPAT_RAFS, Code.M04, 1032, "feature_compat is that of RAFS alone");
    require(in.u8(1036) == 12, Code.M05, 1036, "blocks have 4096 bytes");
    require(in.u8(1037) == 0, Code.M03, 1037, "there are no extra slots");
    require(in.u32(1056) < 1_000_000_000, Code.M03, 1056, "nanoseconds are below 10^9");
    require(in.u32(1068) == 0, Code.M03, 1068, "there are no shared attributes");
    require(in.u32(1104) == INCOMPAT, Code.M04, 1104, "feature_incompat is chunked files and device table");
    require(in.u16(1108) == 0, Code.M03, 1108, "there is no compression configuration");
    require(in.u16(1112) == 11, Code.M08, 1112, "device slots start at slot 11");
    in.requireZero(1114, 38, "reserved bytes of the superblock are 0");
  }

  private static Table blobTable(Bytes in, int devices, long devicesEnd) throws RafsRefused {
    long size = in.u32(EXT + 16);
    require(size == (long) BLOB * devices, Code.M09, EXT + 16, "one blob row for each device");
    long offset = in.u64(EXT + 8, in.length(), Code.M09, "the blob table starts inside the file");
    if (size > 0) {
      boolean placed = offset % BLOCK == 0 && offset >= Bytes.align(devicesEnd, BLOCK);
      require(placed, Code.M09, EXT + 8, "the blob table starts at a block after the device slots");
      require(offset + size <= in.length(), Code.M10, EXT + 8, "the blob table lies inside the file");
    }
    return new Table(offset, size);
  }

  private static Table chunkTable(Bytes in) throws RafsRefused {
    long size = in.u64(EXT + 32, in.length(), Code.M13, "the chunk table fits the file");
    require(size % ChunkRecord.SIZE == 0, Code.M13, EXT + 32, "chunk records have 80 bytes");
    long offset = in.u64(EXT + 24, in.length(), Code.M13, "the chunk table starts inside the file");
    if (size > 0) {
      require(offset % BLOCK == 0 && offset >= BLOCK, Code.M13, EXT + 24, "the chunk table starts at a block");
      require(offset + size <= in.length(), Code.M10, EXT + 24, "the chunk table lies inside the file");
    }
    return new Table(offset, size);
  }

  private static Table prefetchTable(Bytes in) throws RafsRefused {
    long size = in.u32(EXT + 48);
    require(size % 4 == 0, Code.M14, EXT + 48, "prefetch entries have 4 bytes");
    long offset = in.u64(EXT + 40, in.length(), Code.M14, "the prefetch table starts inside the file");
    if (size == 0 || offset == 0) {
      return new Table(offset, 0); // old empty images have a size with offset 0
    }
    require(offset % 4 == 0 && offset >= BLOCK, Code.M14, EXT + 40, "the prefetch table follows the first block");
    require(offset + size <= in.length(), Code.M14, EXT + 48, "the prefetch table lies inside the file");
    return new Table(offset, size);
  }

  /// Byte offset of an inode.
  long offsetOf(long nid) {
    return meta + nid * Inode6.SLOT;
  }

  /// Numbers of inodes that may start inside the file are below this.
  long nidEnd(Bytes in) {
    return (in.length() - meta) / Inode6.SLOT;
  }
}
