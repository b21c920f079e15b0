package dev.damselfly.nydus.chunk;

import dev.damselfly.nydus.Chunk;
import dev.damselfly.nydus.Compression;

/// Where a chunk is: the frame of the blob to fetch, and the first byte inside the decoded frame.
public record Place(Frame frame, int at) {
  /// The place of a chunk that has a frame of its own, which the bootstrap alone describes.
  ///
  /// @throws IllegalArgumentException for a chunk that only [BlobInformation] can place
  public static Place of(Chunk chunk) {
    if (chunk.needsInformation()) {
      throw new IllegalArgumentException("the place of this chunk is in the chunk information of its blob");
    }
    Compression compression = chunk.isCompressed() ? chunk.blob().compression() : Compression.NONE;
    var coding = new Frame.Coding.Whole(compression);
    return new Place(
        new Frame(chunk.blob().index(), chunk.compressedOffset(), chunk.compressedSize(), chunk.uncompressedSize(),
            coding), 0);
  }
}
