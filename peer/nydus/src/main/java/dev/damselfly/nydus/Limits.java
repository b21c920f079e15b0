package dev.damselfly.nydus;

/// Bounds of one image; no value means "unlimited".
///
/// @param bootstrapBytes length of a bootstrap
/// @param inodes inodes reached from the root
/// @param depth directories on the way to an entry
/// @param pathBytes length of a path
/// @param directoryEntries entries of one directory
/// @param nameBytes all names together
/// @param xattrBytes extended attributes of one inode
/// @param chunksPerBlob chunks of one blob
/// @param chunkReferences chunks of all files together
/// @param blobs blobs of one image
public record Limits(
    long bootstrapBytes,
    int inodes,
    int depth,
    int pathBytes,
    int directoryEntries,
    int nameBytes,
    int xattrBytes,
    int chunksPerBlob,
    int chunkReferences,
    int blobs) {
  /// Largest bootstrap that the format allows.
  public static final long MOST_BOOTSTRAP_BYTES = 1L << 31;

  /// Largest chunk and largest batch.
  public static final int MOST_CHUNK_BYTES = 1 << 24;

  static final int MOST_BLOBS = 254;
  static final long MOST_COMPRESSED = 1L << 40;
  static final long MOST_UNCOMPRESSED = 1L << 44;

  public Limits {
    requireRange("bootstrapBytes", bootstrapBytes, MOST_BOOTSTRAP_BYTES);
    requireRange("inodes", inodes, 16 << 20);
    requireRange("depth", depth, 4096);
    requireRange("pathBytes", pathBytes, 64 << 10);
    requireRange("directoryEntries", directoryEntries, 4 << 20);
    requireRange("nameBytes", nameBytes, 1 << 30);
    requireRange("xattrBytes", xattrBytes, 64 << 10);
    requireRange("chunksPerBlob", chunksPerBlob, 1 << 24);
    requireRange("chunkReferences", chunkReferences, 1 << 28);
    requireRange("blobs", blobs, MOST_BLOBS);
  }

  /// The values without configuration.
  public static Limits standard() {
    return new Limits(
        512L << 20, 16 << 20, 4096, 64 << 10, 4 << 20, 1 << 30, 64 << 10, 1 << 24, 1 << 28, MOST_BLOBS);
  }

  private static void requireRange(String name, long value, long most) {
    if (value < 1 || value > most) {
      throw new IllegalArgumentException(name + " must be in [1, " + most + "]");
    }
  }
}
