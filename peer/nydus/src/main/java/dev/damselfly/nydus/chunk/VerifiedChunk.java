package dev.damselfly.nydus.chunk;

import dev.damselfly.nydus.Chunk;
import dev.damselfly.nydus.ChunkNeed;
import java.nio.ByteBuffer;

/// The uncompressed bytes of one chunk, with the digest that the bootstrap names. Only [OpenFrame#verify] makes one,
/// so holding one is the proof. Immutable.
public final class VerifiedChunk {
  private final Chunk chunk;
  private final byte[] bytes;

  VerifiedChunk(Chunk chunk, byte[] bytes) {
    this.chunk = chunk;
    this.bytes = bytes;
  }

  public Chunk chunk() {
    return chunk;
  }

  /// All bytes, read-only.
  public ByteBuffer bytes() {
    return ByteBuffer.wrap(bytes).asReadOnlyBuffer();
  }

  /// The part that a read needs, read-only.
  public ByteBuffer bytes(ChunkNeed need) {
    return ByteBuffer.wrap(bytes, need.from(), need.length()).slice().asReadOnlyBuffer();
  }
}
