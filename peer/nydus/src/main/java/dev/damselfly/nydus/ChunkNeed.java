package dev.damselfly.nydus;

import java.util.ArrayList;
import java.util.List;

/// A part of one chunk that a read needs.
///
/// @param from first byte inside the uncompressed chunk
/// @param length at least 1
public record ChunkNeed(Chunk chunk, int from, int length) {
  /// Most chunks that one answer lists; a longer read is made of several.
  public static final int MOST = 65_536;

  static List<ChunkNeed> of(Image image, Node file, long from, long length) {
    if (file.type() != NodeType.FILE || from < 0 || length < 0) {
      throw new IllegalArgumentException("a read starts inside a regular file");
    }
    long size = image.chunkSize();
    long end = length > file.size() - Math.min(from, file.size()) ? file.size() : from + length;
    var needs = new ArrayList<ChunkNeed>();
    for (long at = from; at < end; ) {
      long number = at / size;
      int inside = (int) (at - number * size);
      int count = (int) Math.min(size - inside, end - at);
      if (needs.size() == MOST) {
        throw new IllegalArgumentException("one read needs at most " + MOST + " chunks");
      }
      needs.add(new ChunkNeed(image.chunk(file, number), inside, count));
      at += count;
    }
    return needs;
  }
}
