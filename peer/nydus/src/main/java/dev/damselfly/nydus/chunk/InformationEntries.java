package dev.damselfly.nydus.chunk;

import static dev.damselfly.nydus.chunk.BlobInformation.require;

import dev.damselfly.nydus.Blob;
import dev.damselfly.nydus.Chunk;
import dev.damselfly.nydus.Code;
import dev.damselfly.nydus.RafsRefused;
import java.nio.ByteBuffer;

/// The entries of a chunk information, 16 bytes (V1) or 24 (V2) for each chunk (format 3.4).
final class InformationEntries {
  private static final int COMPRESSED = 1;
  private static final int ZRAN = 2;
  private static final int BATCH = 4;
  private static final int HAS_CRC = 16;
  private static final long OFFSET_40 = (1L << 40) - 1;
  private static final int BLOCK = 4096;

  private final Blob blob;
  private final ByteBuffer in;
  private final boolean second;

  /// @param array at least as long as the entries: the blob table was checked
  InformationEntries(Blob blob, byte[] array) {
    this.blob = blob;
    this.in = BlobInformation.littleEndian(array);
    this.second = blob.features().isVersion2();
  }

  int offset(int index) {
    return (second ? 24 : 16) * index;
  }

  private long word(int index, int number) {
    return in.getLong(offset(index) + 8 * number);
  }

  private long uncompressedOffset(int index) {
    return second ? (word(index, 0) & 0xffff_ffffL) << 12 : word(index, 0) & 0xfff_ffff_f000L;
  }

  private int uncompressedSize(int index) {
    long word = word(index, 0);
    return 1 + (int) (second ? word >>> 32 & 0xff_ffff : word >>> 44 | (word >>> 8 & 15) << 20);
  }

  long compressedOffset(int index) {
    return word(index, 1) & OFFSET_40;
  }

  private int compressedSize(int index) {
    long word = word(index, 1);
    return second ? (int) (word >>> 40) : 1 + (int) (word >>> 44 | (word >>> 40 & 15) << 20);
  }

  private int flags(int index) {
    boolean smaller = uncompressedSize(index) != compressedSize(index);
    return second ? (int) (word(index, 0) >>> 56) : smaller ? COMPRESSED : 0;
  }

  /// Place inside a frame, and number of its context.
  long data(int index) {
    return word(index, 2);
  }

  /// Whether a context says where the chunk is.
  boolean isShared(int index) {
    return (flags(index) & (BATCH | ZRAN)) != 0;
  }

  void requireOrder() throws RafsRefused {
    long end = 0;
    for (int i = 0; i < blob.chunkCount(); i++) {
      int flags = flags(i);
      require((flags & ~(COMPRESSED | ZRAN | BATCH | HAS_CRC)) == 0, Code.M42, offset(i), "no unknown flag is set");
      require(second || (word(i, 0) & 0xff) == 0, Code.M42, offset(i), "unused bits are 0");
      boolean kind = (flags & ZRAN) == 0 || blob.features().isZran();
      boolean batch = (flags & BATCH) == 0 || blob.features().isBatch() && compressedSize(i) == 0;
      require(kind && batch, Code.M42, offset(i), "a blob has the kind of chunks that its features say");
      boolean combined = !isShared(i) || (flags & (COMPRESSED | HAS_CRC)) == COMPRESSED
          && (flags & (ZRAN | BATCH)) != (ZRAN | BATCH);
      require(combined, Code.M42, offset(i), "flags go together");
      require(uncompressedOffset(i) >= end, Code.M42, offset(i), "chunks ascend and do not overlap");
      end = uncompressedOffset(i) + uncompressedSize(i);
    }
    long last = (blob.uncompressedSize() + BLOCK - 1) / BLOCK * BLOCK;
    require(end <= last, Code.M42, offset(blob.chunkCount()), "chunks end inside the blob");
  }

  void requireAgrees(Chunk chunk) throws RafsRefused {
    int i = chunk.index();
    boolean plain =
        uncompressedOffset(i) == chunk.uncompressedOffset() && uncompressedSize(i) == chunk.uncompressedSize();
    boolean stored;
    if ((flags(i) & BATCH) != 0) {
      stored = chunk.compressedSize() == 0;
    } else {
      boolean compressed = (flags(i) & COMPRESSED) != 0;
      stored = compressedOffset(i) == chunk.compressedOffset() && compressedSize(i) == chunk.compressedSize()
          && compressed == chunk.isCompressed();
    }
    require(plain && stored, Code.M42, offset(i), "chunk information and chunk table agree");
    boolean crc = (flags(i) & HAS_CRC) == 0 || chunk.checksum() < 0 || chunk.checksum() == (data(i) & 0xffff_ffffL);
    require(crc, Code.M42, offset(i), "chunk information and chunk table have one checksum");
  }
}
