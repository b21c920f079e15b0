package dev.damselfly.nydus.chunk;

import dev.damselfly.nydus.Blob;
import dev.damselfly.nydus.Code;
import dev.damselfly.nydus.Compression;
import dev.damselfly.nydus.RafsRefused;

/// The 4096-byte header of a chunk information: repeats the row of the blob table.
final class InformationHeader {
  private static final int MAGIC = 0xB10B_B10B;
  private static final int CONTEXT_OFFSET = 40;
  private static final int CONTEXT_SIZE = 48;
  private static final int CONTEXT_COUNT = 56;
  private static final int RESERVED = 60;
  private static final int SECOND_MAGIC = 4092;

  private InformationHeader() {}

  static void require(Blob blob, byte[] bytes) throws RafsRefused {
    var in = BlobInformation.littleEndian(bytes);
    Blob.Information place = blob.information();
    require(in.getInt(0) == MAGIC, 0, "the header starts with its magic number");
    require(in.getInt(SECOND_MAGIC) == MAGIC, SECOND_MAGIC, "the header ends with its magic number");
    require(blob.features().agreesWithHeader(in.getInt(4) & 0xffff_ffffL), 4,
        "the features are those of the blob table");
    require(in.getInt(8) == number(place.compression()), 8, "the compression is that of the blob table");
    require(in.getInt(12) == blob.chunkCount(), 12, "the number of chunks is that of the blob table");
    require(in.getLong(16) == place.offset(), 16, "the offset is that of the blob table");
    require(in.getLong(24) == place.storedSize(), 24, "the stored size is that of the blob table");
    require(in.getLong(32) == place.plainSize(), 32, "the plain size is that of the blob table");
    for (int at = RESERVED; at < SECOND_MAGIC; at++) {
      require(bytes[at] == 0, at, "reserved bytes of the header are 0");
    }
  }

  private static int number(Compression compression) {
    return switch (compression) {
      case NONE -> 0;
      case LZ4_BLOCK -> 1;
      case GZIP -> 2;
      case ZSTD -> 3;
    };
  }

  private static void require(boolean holds, long offset, String rule) throws RafsRefused {
    BlobInformation.require(holds, Code.M41, offset, rule);
  }

  static long contextOffset(byte[] header) {
    return BlobInformation.littleEndian(header).getLong(CONTEXT_OFFSET);
  }

  static long contextSize(byte[] header) {
    return BlobInformation.littleEndian(header).getLong(CONTEXT_SIZE);
  }

  static long contextCount(byte[] header) {
    return BlobInformation.littleEndian(header).getInt(CONTEXT_COUNT) & 0xffff_ffffL;
  }
}
