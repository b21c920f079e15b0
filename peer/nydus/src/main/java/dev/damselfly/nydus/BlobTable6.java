package dev.damselfly.nydus;

import static dev.damselfly.nydus.Bytes.align;
import static dev.damselfly.nydus.Bytes.require;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Set;

/// Device slots and blob rows of version 6 (format 2.4, 2.5): two descriptions of each blob that must agree.
final class BlobTable6 {
  private static final int META_HEADER = 4096;
  private static final int TAR_HEADER = 512;
  private static final long MOST_INFORMATION = 64 << 20;
  private static final int MOST_TOC = 65_536;
  private static final int CONTEXT = 40;
  private static final int DICTIONARY = 32 << 10;

  private final Bytes in;
  private final Superblock6 superblock;
  private final Limits limits;
  private final Set<String> ids = new HashSet<>();

  private BlobTable6(Bytes in, Superblock6 superblock, Limits limits) {
    this.in = in;
    this.superblock = superblock;
    this.limits = limits;
  }

  static List<Blob> read(Bytes in, Superblock6 superblock, Limits limits) throws RafsRefused {
    require(superblock.devices() <= limits.blobs(), Code.M17, 1110, "the number of blobs is bounded");
    return new BlobTable6(in, superblock, limits).rows();
  }

  private List<Blob> rows() throws RafsRefused {
    var blobs = new ArrayList<Blob>();
    var starts = new Longs();
    var ends = new Longs();
    long total = 0;
    for (int i = 0; i < superblock.devices(); i++) {
      long slot = Superblock6.DEVICES_AT + (long) Superblock6.DEVICE * i;
      Blob blob = row(i, slot, superblock.tables().blobs().offset() + (long) Superblock6.BLOB * i);
      long blocks = in.u32(slot + 64);
      boolean agrees = blocks == align(blob.uncompressedSize(), Superblock6.BLOCK) / Superblock6.BLOCK;
      require(blocks > 0 && agrees, Code.M20, slot + 64, "a device has the blocks of its blob");
      in.requireZero(slot + 72, 56, "reserved bytes of a device slot are 0");
      total += blocks;
      starts.add(in.u32(slot + 68));
      ends.add(in.u32(slot + 68) + blocks);
      blobs.add(blob);
    }
    boolean sum = superblock.blocks() == total || blobs.isEmpty() && superblock.blocks() == 4096;
    require(sum, Code.M03, 1060, "the blocks are those of the devices");
    long offender = Disjoint.offender(starts.sorted(), ends.sorted());
    require(offender < 0, Code.M08, Superblock6.DEVICES_AT, "devices are disjoint");
    return List.copyOf(blobs);
  }

  private Blob row(int index, long slot, long at) throws RafsRefused {
    String id = id(slot, at);
    require(in.u32(at + 64) == index, Code.M17, at + 64, "blob indexes count from 0");
    require(in.u32(at + 68) == superblock.chunkSize(), Code.M12, at + 68, "a blob has the chunk size of the image");
    long chunks = in.u32(at + 72);
    require(chunks >= 1 && chunks <= limits.chunksPerBlob(), Code.M19, at + 72, "the number of chunks is bounded");
    Compression compression = Compression.ofNumber(in.u32(at + 76), at + 76);
    DigestAlgorithm digest = DigestAlgorithm.ofNumber(in.u32(at + 80), at + 80);
    require(digest == superblock.flags().digest(), Code.M11, at + 80, "a blob has the digest algorithm of the image");
    require(in.u32(at + 216) == 0, Code.UNSUPPORTED, at + 216, "encrypted blobs are not read");
    Features features = features(at + 84, compression);
    long compressed = in.u64(at + 88, Limits.MOST_COMPRESSED, Code.M20, "a blob has at most 2^40 bytes");
    long plain = in.u64(at + 96, Limits.MOST_UNCOMPRESSED, Code.M20, "a blob has at most 2^44 bytes uncompressed");
    Blob.Information information = information(at, features, (int) chunks);
    boolean alike = information.compression() == Compression.NONE
        || information.compression() == (compression == Compression.GZIP ? Compression.ZSTD : compression);
    require(alike, Code.M11, at + 76, "chunks and chunk information are compressed alike");
    long end = dataEnd(features, compressed, information, at);
    in.requireZero(at + 208, 8, "there is no cipher");
    in.requireZero(at + 220, 36, "reserved bytes of a blob row are 0");
    return new Blob(index, id, compression, digest, features, (int) chunks, compressed, plain, end, information);
  }

  private String id(long slot, long at) throws RafsRefused {
    byte[] id = in.copy(at, 64);
    require(Blob.isId(id), Code.M15, at, "a blob id has 64 lower-case hexadecimal characters");
    require(in.same(slot, at, 64), Code.M15, slot, "a device slot has the id of its blob");
    String text = new String(id, StandardCharsets.US_ASCII);
    require(ids.add(text), Code.M17, at, "blob ids differ");
    return text;
  }

  private Features features(long at, Compression compression) throws RafsRefused {
    Features features = Features.read(in, at);
    require(features.has(Features.ALIGNED), Code.M18, at, "chunks are aligned");
    boolean layer = features.has(Features.INLINED_FS_META);
    require(!layer, Code.UNSUPPORTED, at, "a bootstrap inlined in its blob is read only after a merge");
    boolean gzip = compression == Compression.GZIP;
    require(gzip == features.isZran(), Code.UNSUPPORTED, at, "gzip is read in windows of an original layer only");
    return features;
  }

  private Blob.Information information(long at, Features features, int chunks) throws RafsRefused {
    Compression compression = Compression.ofNumber(in.u32(at + 108), at + 108);
    require(compression != Compression.GZIP, Code.M18, at + 108,
        "chunk information is stored plain, lz4_block or zstd");
    long offset = in.u64(at + 112, Limits.MOST_COMPRESSED, Code.M20, "chunk information lies inside the blob");
    long plain = in.u64(at + 128, MOST_INFORMATION, Code.M19, "chunk information has at most 64 MiB");
    long stored = in.u64(at + 120, plain, Code.M20, "chunk information is not larger stored than plain");
    requireInformationSize(at + 128, features, chunks, plain);
    long tocSize = in.u32(at + 104);
    boolean entries = tocSize >= TAR_HEADER && tocSize <= MOST_TOC && (tocSize - TAR_HEADER) % 128 == 0;
    require(tocSize == 0 || entries, Code.M45, at + 104, "a table of contents has entries of 128 bytes and a header");
    long fileSize = separateSize(at, features, offset + stored + META_HEADER);
    return new Blob.Information(
        compression, offset, stored, plain, (int) tocSize, hex(at + 136), hex(at + 168), fileSize);
  }

  private static void requireInformationSize(long at, Features features, int chunks, long plain) throws RafsRefused {
    long least = (features.isVersion2() ? 24L : 16L) * chunks;
    if (features.isBatch() || features.isZran()) {
      long contexts = (long) chunks * (CONTEXT + (features.isZran() ? DICTIONARY : 0));
      require(plain >= least && plain - least <= contexts, Code.M19, at,
          "entries and contexts fit the number of chunks");
    } else if (!features.has(Features.DICTIONARY)) {
      require(plain == least, Code.M19, at, "entries fit the number of chunks");
    }
  }

  /// Length of the separate file; the three fields are 0 in all other blobs.
  private long separateSize(long at, Features features, long informationEnd) throws RafsRefused {
    if (!features.isSeparate()) {
      in.requireZero(at + 168, 40, "only a separate chunk information has a file");
      return 0;
    }
    long size = in.u64(at + 200, 2 * MOST_INFORMATION, Code.M20, "the separate file has at most 128 MiB");
    require(size == informationEnd, Code.M20, at + 200, "the separate file ends with the chunk information");
    return size;
  }

  private static long dataEnd(Features features, long compressed, Blob.Information information, long at)
      throws RafsRefused {
    if (features.isSeparate() || !features.has(Features.CAP_TAR_TOC)) {
      return compressed;
    }
    long end = information.offset() - (features.hasTarHeaders() ? TAR_HEADER : 0);
    require(end > 0, Code.M20, at + 112, "chunk information follows the chunk data");
    long last = information.offset() + information.storedSize() + META_HEADER;
    require(last <= compressed, Code.M20, at + 88, "chunk information lies inside the blob");
    return end;
  }

  private String hex(long at) {
    return HexFormat.of().formatHex(in.copy(at, DigestAlgorithm.LENGTH));
  }
}
