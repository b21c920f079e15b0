package dev.damselfly.nydus;

import static dev.damselfly.nydus.Bytes.require;

import java.util.List;

/// The 80-byte chunk record of both versions (format 2.10).
final class ChunkRecord {
  static final int SIZE = 80;
  static final int FILE_OFFSET_AT = 64;
  private static final int COMPRESSED = 1;
  private static final int HOLE = 2;
  private static final int ENCRYPTED = 4;
  private static final int BATCH = 8;
  private static final int HAS_CRC = 16;

  private ChunkRecord() {}

  /// @throws RafsRefused for a record that breaks a rule of its own
  static void check(Bytes in, long at, List<Blob> blobs, int chunkSize, boolean aligned) throws RafsRefused {
    long blobIndex = in.u32(at + 32);
    require(blobIndex < blobs.size(), Code.M35, at + 32, "the blob of a chunk exists");
    Blob blob = blobs.get((int) blobIndex);
    require(in.u32(at + 72) < blob.chunkCount(), Code.M35, at + 72, "the number of a chunk is below those of its blob");
    require(!in.isZero(at, DigestAlgorithm.LENGTH), Code.M39, at, "a chunk has a digest");
    long flags = in.u32(at + 36);
    require((flags & ENCRYPTED) == 0 || flags > 0x1F, Code.UNSUPPORTED, at + 36, "encrypted chunks are not read");
    require((flags & ~(COMPRESSED | BATCH | HAS_CRC)) == 0, Code.M37, at + 36,
        "chunks have known flags and are no holes");
    long plain = in.u32(at + 44);
    require(plain >= 1 && plain <= chunkSize, Code.M37, at + 44, "a chunk has at most the chunk size");
    long crc = in.u32(at + 76);
    require((flags & HAS_CRC) != 0 == (crc != 0), Code.M40, at + 76, "a checksum is there when the flag says so");
    checkStored(in, at, blob, flags, plain);
    long uncompressed = in.u64(at + 56, blob.uncompressedSize() - plain, Code.M38, "a chunk ends inside the blob");
    require(!aligned || uncompressed % Superblock6.BLOCK == 0, Code.M38, at + 56,
        "uncompressed chunks start at blocks");
  }

  private static void checkStored(Bytes in, long at, Blob blob, long flags, long plain) throws RafsRefused {
    long stored = in.u32(at + 40);
    if (stored == 0 && blob.features().isBatch()) {
      boolean member = (flags & ~HAS_CRC) == 0 && in.u64(at + 48) == 0;
      require(member, Code.M37, at + 36, "a member of a batch has no place and no flags");
      return;
    }
    require((flags & BATCH) == 0, Code.M37, at + 36, "the batch flag is not used in chunk tables");
    boolean compressed = (flags & COMPRESSED) != 0;
    if (!compressed) {
      require(stored == plain, Code.M38, at + 40, "a chunk that is not compressed has one size");
    } else if (!blob.features().isZran()) {
      require(stored < plain, Code.M38, at + 40, "a compressed chunk is smaller");
    }
    require(compressed || !blob.features().isZran(), Code.M37, at + 36, "chunks in windows are compressed");
    require(compressed || stored > 0, Code.M37, at + 40, "a chunk has bytes");
    in.u64(at + 48, blob.dataEnd() - stored, Code.M38, "a chunk ends inside the chunk data");
  }

  static Chunk read(Bytes in, long at, List<Blob> blobs) {
    long flags = in.u32(at + 36);
    Chunk.Place place = new Chunk.Place(in.u64(at + 48), (int) in.u32(at + 40), in.u64(at + 56), (int) in.u32(at + 44));
    return new Chunk(
        blobs.get((int) in.u32(at + 32)), (int) in.u32(at + 72), in.copy(at, DigestAlgorithm.LENGTH), place,
        (flags & COMPRESSED) != 0, (flags & HAS_CRC) == 0 ? -1 : in.u32(at + 76));
  }

  /// (blob, number of the chunk), 32 bits.
  static long key(Bytes in, long at) {
    return in.u32(at + 32) << 24 | in.u32(at + 72);
  }
}
