package dev.damselfly.dist.lazy;

import dev.damselfly.nydus.Chunk;
import dev.damselfly.nydus.ChunkNeed;
import java.nio.ByteBuffer;
import java.util.Iterator;

/// Where verified bytes of an image come from.
public interface ChunkSource extends AutoCloseable {
  /// The part of a chunk, all of which was verified before. Blocks.
  ///
  /// @throws LazyFailed UNVERIFIED when the blob does not hold what the bootstrap names
  ByteBuffer bytes(ChunkNeed need) throws LazyFailed;

  /// Chunks that will be read next, in this order. Advice only; the next advice replaces it.
  default void willRead(Iterator<Chunk> chunks) {}

  @Override
  void close();
}
