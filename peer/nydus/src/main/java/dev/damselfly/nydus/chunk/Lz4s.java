package dev.damselfly.nydus.chunk;

import dev.damselfly.nydus.Code;
import dev.damselfly.nydus.RafsRefused;
import net.jpountz.lz4.LZ4Exception;
import net.jpountz.lz4.LZ4Factory;
import net.jpountz.lz4.LZ4SafeDecompressor;

/// One raw LZ4 block of known size, by the pure Java decoder that checks each access.
final class Lz4s {
  private static final LZ4SafeDecompressor DECODER = LZ4Factory.safeInstance().safeDecompressor();

  private Lz4s() {}

  static byte[] decode(byte[] stored, int plainSize, long offset) throws RafsRefused {
    var plain = new byte[plainSize];
    try {
      int size = DECODER.decompress(stored, 0, stored.length, plain, 0, plainSize);
      if (size == plainSize) {
        return plain;
      }
    } catch (LZ4Exception e) {
      // refused below, like a block of another size
    }
    throw new RafsRefused(Code.M44, offset, "an lz4 block can be decoded to exactly the plain size");
  }
}
