package dev.damselfly.nydus;

/// One blob of an image.
///
/// @param id 64 lower-case hexadecimal characters
/// @param features 32 bits
/// @param chunkCount how many chunks the blob has; an image may use fewer
/// @param compressedSize length of the file, or of its part before an inlined bootstrap, or of the chunk data
/// @param uncompressedSize end of the last chunk in the uncompressed address space
/// @param dataEnd where the chunk data end
/// @param information where the chunk information is; in version 5 there is none, and all is 0
public record Blob(
    int index,
    String id,
    Compression compression,
    DigestAlgorithm digest,
    Features features,
    int chunkCount,
    long compressedSize,
    long uncompressedSize,
    long dataEnd,
    Information information) {
  /// Place and digests of the chunk information of a blob.
  ///
  /// @param offset of the stored array; its 4096-byte header follows
  /// @param tocDigest SHA-256 of the table of contents with its header, all 0 when unknown; hexadecimal
  /// @param fileDigest SHA-256 of the separate file, all 0 when there is none; hexadecimal
  /// @param fileSize length of the separate file, else 0
  public record Information(
      Compression compression,
      long offset,
      long storedSize,
      long plainSize,
      int tocSize,
      String tocDigest,
      String fileDigest,
      long fileSize) {
    static final String NO_DIGEST = "0".repeat(2 * DigestAlgorithm.LENGTH);
    static final Information NONE = new Information(Compression.NONE, 0, 0, 0, 0, NO_DIGEST, NO_DIGEST, 0);

    public boolean isPresent() {
      return plainSize > 0;
    }
  }

  /// 64 lower-case hexadecimal characters: a blob id is never a path or part of a URL that says more.
  static boolean isId(byte[] bytes) {
    if (bytes.length != 2 * DigestAlgorithm.LENGTH) {
      return false;
    }
    for (byte b : bytes) {
      if ((b < '0' || b > '9') && (b < 'a' || b > 'f')) {
        return false;
      }
    }
    return true;
  }
}
