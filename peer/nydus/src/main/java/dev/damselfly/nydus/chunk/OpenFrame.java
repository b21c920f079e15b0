package dev.damselfly.nydus.chunk;

import dev.damselfly.nydus.Chunk;
import dev.damselfly.nydus.Code;
import dev.damselfly.nydus.RafsRefused;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.zip.CRC32C;

/// A decoded frame. Its bytes are not verified and cannot be seen.
public final class OpenFrame {
  private final Frame frame;
  private final byte[] plain;

  OpenFrame(Frame frame, byte[] plain) {
    this.frame = frame;
    this.plain = plain;
  }

  /// @param at first byte of the chunk in the decoded frame
  /// @throws RafsRefused with M43 when the chunk is not inside, M44 when its digest differs, M40 when only its CRC
  /// differs
  public VerifiedChunk verify(Chunk chunk, int at) throws RafsRefused {
    int size = chunk.uncompressedSize();
    if (at < 0 || at > plain.length - size) {
      throw new RafsRefused(Code.M43, frame.offset(), "a chunk lies inside its frame");
    }
    if (frame.blob() != chunk.blob().index()
        || !chunk.hasDigest(chunk.blob().digest().of(ByteBuffer.wrap(plain, at, size)))) {
      throw new RafsRefused(Code.M44, frame.offset(), "a chunk has the digest that the bootstrap names");
    }
    if (chunk.checksum() >= 0) {
      var crc = new CRC32C();
      crc.update(plain, at, size);
      if (crc.getValue() != chunk.checksum()) {
        throw new RafsRefused(Code.M40, frame.offset(), "checksum and digest of a chunk agree");
      }
    }
    return new VerifiedChunk(chunk, size == plain.length ? plain : Arrays.copyOfRange(plain, at, at + size));
  }
}
