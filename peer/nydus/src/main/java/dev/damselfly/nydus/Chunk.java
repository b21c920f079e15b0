package dev.damselfly.nydus;

import java.util.Arrays;
import java.util.HexFormat;

/// What a bootstrap says of one chunk. Made by the reader only: its sizes are within bounds and its digest is not 0.
public final class Chunk {
  private final Blob blob;
  private final int index;
  private final byte[] digest;
  private final Place place;
  private final boolean compressed;
  private final long checksum;

  /// @param compressedSize 0 for a member of a batch
  record Place(long compressedOffset, int compressedSize, long uncompressedOffset, int uncompressedSize) {}

  Chunk(Blob blob, int index, byte[] digest, Place place, boolean compressed, long checksum) {
    this.blob = blob;
    this.index = index;
    this.digest = digest;
    this.place = place;
    this.compressed = compressed;
    this.checksum = checksum;
  }

  public Blob blob() {
    return blob;
  }

  /// Number of the chunk in its blob.
  public int index() {
    return index;
  }

  /// Digest of the uncompressed bytes, by the algorithm of the blob.
  public byte[] digest() {
    return digest.clone();
  }

  public boolean hasDigest(byte[] other) {
    return Arrays.equals(digest, other);
  }

  public long compressedOffset() {
    return place.compressedOffset;
  }

  /// 0 for a member of a batch: only the chunk information knows the place.
  public int compressedSize() {
    return place.compressedSize;
  }

  public long uncompressedOffset() {
    return place.uncompressedOffset;
  }

  public int uncompressedSize() {
    return place.uncompressedSize;
  }

  public boolean isCompressed() {
    return compressed;
  }

  /// CRC-32C of the uncompressed bytes, or -1: a transfer check that never decides.
  public long checksum() {
    return checksum;
  }

  /// Whether only the chunk information says where the bytes are: members of batches and chunks of an original layer.
  public boolean needsInformation() {
    return place.compressedSize == 0 || blob.features().isZran();
  }

  @Override
  public String toString() {
    return "chunk " + index + " of blob " + blob.index() + ", " + HexFormat.of().formatHex(digest);
  }
}
