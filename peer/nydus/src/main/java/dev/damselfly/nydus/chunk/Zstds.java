package dev.damselfly.nydus.chunk;

import com.github.luben.zstd.Zstd;
import com.github.luben.zstd.ZstdException;
import dev.damselfly.nydus.Code;
import dev.damselfly.nydus.Limits;
import dev.damselfly.nydus.RafsRefused;

/// One zstd frame of known size. The structure (RFC 8878, 3.1.1) is walked here before the native decoder sees the
/// bytes: exactly one frame, no dictionary, a bounded window, nothing behind it.
final class Zstds {
  private static final int MAGIC = 0xFD2F_B528;
  private static final int BLOCK_HEADER = 3;
  private static final int RLE = 1;
  private static final int RESERVED = 3;
  private static final int[] DICTIONARY_SIZES = {0, 1, 2, 4};
  private static final int[] CONTENT_SIZES = {0, 2, 4, 8};

  private final byte[] in;
  private final long offset;
  private int at;

  private Zstds(byte[] in, long offset) {
    this.in = in;
    this.offset = offset;
  }

  static byte[] decode(byte[] stored, int plainSize, long offset) throws RafsRefused {
    new Zstds(stored, offset).requireOneFrame(plainSize);
    var plain = new byte[plainSize];
    try {
      long size = Zstd.decompressByteArray(plain, 0, plainSize, stored, 0, stored.length);
      if (size != plainSize) {
        throw new RafsRefused(Code.M44, offset, "a frame has exactly the plain size");
      }
    } catch (ZstdException e) {
      throw new RafsRefused(Code.M44, offset, "a zstd frame can be decoded to the plain size");
    }
    return plain;
  }

  private void requireOneFrame(int plainSize) throws RafsRefused {
    require((int) number(4) == MAGIC, "a zstd frame starts with its magic number");
    int descriptor = (int) number(1);
    boolean singleSegment = (descriptor & 0x20) != 0;
    require((descriptor & 0x18) == 0, "no reserved bit of the frame header is set");
    if (!singleSegment) {
      int window = (int) number(1);
      long base = 1L << 10 + (window >> 3);
      require(base + base / 8 * (window & 7) <= Limits.MOST_CHUNK_BYTES,
          "the window is not larger than the largest chunk");
    }
    require(number(DICTIONARY_SIZES[descriptor & 3]) == 0, "there is no dictionary");
    int flag = descriptor >> 6;
    int sizeBytes = flag == 0 && singleSegment ? 1 : CONTENT_SIZES[flag];
    long size = number(sizeBytes) + (sizeBytes == 2 ? 256 : 0);
    require(sizeBytes == 0 || size == plainSize, "the content size is the plain size");
    boolean last = false;
    while (!last) {
      long header = number(BLOCK_HEADER);
      last = (header & 1) != 0;
      int type = (int) (header >> 1) & 3;
      require(type != RESERVED, "no block has the reserved type");
      long length = type == RLE ? 1 : header >> 3;
      require(length <= in.length - at, "a block ends inside the frame");
      at += (int) length;
    }
    number((descriptor & 4) != 0 ? 4 : 0);
    require(at == in.length, "nothing follows the frame");
  }

  private long number(int bytes) throws RafsRefused {
    require(bytes <= in.length - at, "a frame is whole");
    long value = 0;
    for (int i = 0; i < bytes; i++) {
      value |= (in[at++] & 0xffL) << 8 * i;
    }
    return value;
  }

  private void require(boolean holds, String rule) throws RafsRefused {
    if (!holds) {
      throw new RafsRefused(Code.M44, offset, rule);
    }
  }
}
