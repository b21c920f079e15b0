package dev.damselfly.nydus;

/// The flag word that both versions have in their superblocks.
record ImageFlags(Compression compression, DigestAlgorithm digest, boolean inlinedDigests) {
  private static final long EXPLICIT_OWNERS = 0x10;
  private static final long HAS_XATTR = 0x20;
  private static final long INLINED_CHUNK_DIGEST = 0x100;
  private static final long TARFS = 0x200;
  private static final long ENCRYPTION_NONE = 0x0100_0000;
  private static final long ENCRYPTION_AES = 0x0200_0000;
  private static final long ALGORITHMS = 0xC3 | 0xC;

  /// @param encryptionBit what version 6 may have set: [#version6] or [#version5]
  private static ImageFlags read(Bytes in, long at, long encryptionBit) throws RafsRefused {
    long flags = in.u64(at);
    Bytes.require((flags & TARFS) == 0, Code.UNSUPPORTED, at, "tarfs images are not read");
    Bytes.require((flags & ENCRYPTION_AES) == 0, Code.UNSUPPORTED, at, "encrypted images are not read");
    long known = ALGORITHMS | EXPLICIT_OWNERS | HAS_XATTR | INLINED_CHUNK_DIGEST | encryptionBit;
    Bytes.require((flags & ~known) == 0, Code.M11, at, "no unknown flag is set");
    return new ImageFlags(
        Compression.ofFlags(flags, at), DigestAlgorithm.ofFlags(flags, at), (flags & INLINED_CHUNK_DIGEST) != 0);
  }

  static ImageFlags version6(Bytes in, long at) throws RafsRefused {
    return read(in, at, ENCRYPTION_NONE);
  }

  static ImageFlags version5(Bytes in, long at) throws RafsRefused {
    return read(in, at, 0);
  }

  /// A power of two, 4 KiB to 16 MiB.
  static int chunkSize(Bytes in, long at) throws RafsRefused {
    long size = in.u32(at);
    boolean power = Long.bitCount(size) == 1 && size >= 4096 && size <= Limits.MOST_CHUNK_BYTES;
    Bytes.require(power, Code.M12, at, "the chunk size is a power of two from 4 KiB to 16 MiB");
    return (int) size;
  }
}
