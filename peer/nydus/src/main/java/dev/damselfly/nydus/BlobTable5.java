package dev.damselfly.nydus;

import static dev.damselfly.nydus.Bytes.require;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;

/// Blob ids and the extended blob table of version 5 (format 5.3).
final class BlobTable5 {
  private static final int ID_AT = 8;
  private static final int ID = 64;
  private static final int RECORD = ID_AT + ID + 1; // the NUL of the last record is missing
  private static final long ALLOWED =
      Features.CAP_TAR_TOC | Features.HAS_TAR_HEADER | Features.HAS_TOC | Features.INLINED_CHUNK_DIGEST
          | Features.PREFETCH_FILES;

  private BlobTable5() {}

  static List<Blob> read(Bytes in, Superblock5 superblock, Limits limits) throws RafsRefused {
    Table table = superblock.tables().blobs();
    int count = superblock.blobs();
    require(count <= limits.blobs(), Code.M50, 68, "the number of blobs is bounded");
    long used = Math.max(0, (long) RECORD * count - 1);
    require(used <= table.size(), Code.M50, 64, "the blob table has a record for each blob");
    boolean rest = in.isZero(table.offset() + used, table.size() - used);
    require(rest, Code.M50, table.offset() + used, "only zeros follow the last blob id");
    var blobs = new ArrayList<Blob>();
    var ids = new HashSet<String>();
    for (int i = 0; i < count; i++) {
      long at = table.offset() + (long) RECORD * i;
      byte[] id = in.copy(at + ID_AT, ID);
      require(Blob.isId(id), Code.M50, at + ID_AT, "a blob id has 64 lower-case hexadecimal characters");
      boolean separated = i == count - 1 || in.u8(at + ID_AT + ID) == 0;
      require(separated, Code.M50, at + ID_AT + ID, "blob ids are separated");
      String text = new String(id, StandardCharsets.US_ASCII);
      require(ids.add(text), Code.M17, at + ID_AT, "blob ids differ");
      blobs.add(extended(in, superblock, limits, i, text));
    }
    return List.copyOf(blobs);
  }

  /// Where the id of a blob stands.
  static long idAt(Superblock5 superblock, int index) {
    return superblock.tables().blobs().offset() + (long) RECORD * index + ID_AT;
  }

  private static Blob extended(
      Bytes in, Superblock5 superblock, Limits limits, int index, String id) throws RafsRefused {
    long at = superblock.tables().extended().offset() + (long) Superblock5.EXTENDED * index;
    long chunks = in.u32(at);
    require(chunks >= 1 && chunks <= limits.chunksPerBlob(), Code.M19, at, "the number of chunks is bounded");
    Features features = Features.read(in, at + 4);
    require((features.bits() & ~ALLOWED) == 0, Code.M18, at + 4, "the feature exists in version 5");
    long plain = in.u64(at + 8, Limits.MOST_UNCOMPRESSED, Code.M20, "a blob has at most 2^44 bytes uncompressed");
    long stored = in.u64(at + 16, Limits.MOST_COMPRESSED, Code.M20, "a blob has at most 2^40 bytes");
    require(in.isZero(at + 24, 40), Code.M50, at + 24, "reserved bytes of a blob entry are 0");
    return new Blob(
        index, id, superblock.flags().compression(), superblock.flags().digest(), features, (int) chunks, stored, plain,
        stored, Blob.Information.NONE);
  }
}
