package dev.damselfly.nydus;

import static dev.damselfly.nydus.Bytes.require;

/// The feature word of a blob.
///
/// @param bits the word, 32 bits
public record Features(long bits) {
  static final long ALIGNED = 0x1;
  static final long INLINED_FS_META = 0x2;
  static final long CHUNK_INFO_V2 = 0x4;
  static final long ZRAN = 0x8;
  static final long SEPARATE = 0x10;
  static final long INLINED_CHUNK_DIGEST = 0x20;
  static final long TARFS = 0x40;
  static final long BATCH = 0x80;
  static final long ENCRYPTED = 0x100;
  static final long DICTIONARY = 0x200;
  static final long PREFETCH_FILES = 0x400;
  static final long EXTERNAL = 0x800;
  static final long HAS_TAR_HEADER = 0x1000_0000L;
  static final long HAS_TOC = 0x2000_0000L;
  static final long CAP_TAR_TOC = 0x4000_0000L;
  private static final long KNOWN = 0xFFF | HAS_TAR_HEADER | HAS_TOC | CAP_TAR_TOC;

  static Features read(Bytes in, long at) throws RafsRefused {
    var features = new Features(in.u32(at));
    require((features.bits & ~KNOWN) == 0, Code.M18, at, "no unknown blob feature is set");
    require(!features.has(TARFS), Code.UNSUPPORTED, at, "tarfs blobs are not read");
    require(!features.has(ENCRYPTED), Code.UNSUPPORTED, at, "encrypted blobs are not read");
    require(!features.has(EXTERNAL), Code.UNSUPPORTED, at, "external blobs are not read");
    require(!features.has(BATCH) || !features.has(ZRAN), Code.M18, at, "a blob has batches or windows, not both");
    boolean v2 = features.has(CHUNK_INFO_V2) || !features.has(BATCH) && !features.has(ZRAN);
    require(v2, Code.M18, at, "batches and windows need chunk information V2");
    return features;
  }

  boolean has(long bit) {
    return (bits & bit) != 0;
  }

  /// Several chunks are compressed together.
  public boolean isBatch() {
    return has(BATCH);
  }

  /// The blob is an original tar.gz, read through windows.
  public boolean isZran() {
    return has(ZRAN);
  }

  /// The chunk information is in a file of its own.
  public boolean isSeparate() {
    return has(SEPARATE);
  }

  /// Chunk information entries have 24 bytes, else 16.
  public boolean isVersion2() {
    return has(CHUNK_INFO_V2);
  }

  public boolean hasTableOfContents() {
    return has(HAS_TOC);
  }

  public boolean hasTarHeaders() {
    return has(HAS_TAR_HEADER);
  }

  /// Equal but for the bit that merging clears in the bootstrap and not in the blob.
  public boolean agreesWithHeader(long headerBits) {
    return (bits & ~INLINED_FS_META) == (headerBits & ~INLINED_FS_META);
  }
}
