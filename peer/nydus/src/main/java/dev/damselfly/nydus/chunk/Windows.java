package dev.damselfly.nydus.chunk;

import dev.damselfly.nydus.Code;
import dev.damselfly.nydus.RafsRefused;
import java.util.Arrays;
import java.util.zip.DataFormatException;
import java.util.zip.Inflater;

/// A window of an original tar.gz: raw deflate from inside a byte, with a dictionary, possibly over the end of a
/// gzip member.
///
/// The inflater takes whole bytes only. So blocks without content come first, of a length that brings the first bits
/// of the window to where they are in their byte: an empty dynamic block has an odd number of bits (93), an empty
/// fixed block has 10.
final class Windows {
  private static final int EMPTY_DYNAMIC_BITS = 93;
  private static final int EMPTY_FIXED_BITS = 10;
  private static final int GZIP_TRAILER = 8;
  private static final int GZIP_HEADER = 10;

  private final byte[] in;
  private final byte[] plain;
  private final long offset;
  private int at;
  private int done;

  private Windows(byte[] in, int plainSize, long offset) {
    this.in = in;
    this.plain = new byte[plainSize];
    this.offset = offset;
  }

  static byte[] decode(Frame.Coding.Window window, byte[] stored, int plainSize, long offset) throws RafsRefused {
    var windows = new Windows(stored, plainSize, offset);
    var inflater = new Inflater(true);
    try {
      if (window.dictionary().bytes().length > 0) {
        inflater.setDictionary(window.dictionary().bytes());
      }
      windows.inflate(inflater, prefix(window.firstByte(), window.firstBits()));
      while (windows.done < plainSize) {
        windows.skipMemberEnd();
        inflater.reset();
        windows.inflate(inflater, new byte[0]);
      }
    } catch (DataFormatException | IllegalArgumentException e) {
      throw windows.refused("a window can be decoded");
    } finally {
      inflater.end();
    }
    return windows.plain;
  }

  private void inflate(Inflater inflater, byte[] prefix) throws DataFormatException, RafsRefused {
    if (prefix.length > 0) {
      inflater.setInput(prefix);
      int early = inflater.inflate(plain, done, plain.length - done);
      if (early != 0 || inflater.finished()) {
        throw refused("a window does not start with content"); // cannot be: the prefix is ours
      }
    }
    inflater.setInput(in, at, in.length - at);
    while (done < plain.length && !inflater.finished()) {
      int count = inflater.inflate(plain, done, plain.length - done);
      if (count == 0 && !inflater.finished()) {
        throw refused("a window has exactly the plain size");
      }
      done += count;
    }
    at = in.length - inflater.getRemaining();
  }

  private void skipMemberEnd() throws RafsRefused {
    at += GZIP_TRAILER;
    int header = at;
    requireLeft(GZIP_HEADER);
    boolean gzip = (in[header] & 0xff) == 0x1f && (in[header + 1] & 0xff) == 0x8b && in[header + 2] == 8;
    int flags = in[header + 3] & 0xff;
    if (!gzip || (flags & 0xE0) != 0) {
      throw refused("a gzip member follows");
    }
    at += GZIP_HEADER;
    if ((flags & 4) != 0) {
      requireLeft(2);
      at += 2 + (in[at] & 0xff) + ((in[at + 1] & 0xff) << 8);
    }
    skipText((flags & 8) != 0);
    skipText((flags & 16) != 0);
    at += (flags & 2) != 0 ? 2 : 0;
    requireLeft(1);
  }

  private void skipText(boolean present) throws RafsRefused {
    while (present) {
      requireLeft(1);
      present = in[at++] != 0;
    }
  }

  private void requireLeft(int bytes) throws RafsRefused {
    if (at > in.length - bytes) {
      throw refused("a gzip member is whole");
    }
  }

  private RafsRefused refused(String rule) {
    return new RafsRefused(Code.M44, offset, rule);
  }

  /// Blocks without content, and in the last byte the first bits of the window: the high ones of `firstByte`.
  static byte[] prefix(int firstByte, int firstBits) {
    if (firstBits == 0) {
      return new byte[0];
    }
    int wanted = 8 - firstBits;
    var bits = new BitWriter();
    if (wanted % 2 != 0) {
      bits.emptyDynamicBlock();
    }
    while (bits.count % 8 != wanted) {
      bits.write(2, 3).write(0, 7); // not last, fixed codes, end of block
    }
    byte[] prefix = bits.bytes();
    prefix[prefix.length - 1] |= (byte) (firstByte & 0xff & -1 << wanted);
    return prefix;
  }

  /// Deflate writes numbers from their lowest bit and codes from their highest.
  private static final class BitWriter {
    private final byte[] out = new byte[(EMPTY_DYNAMIC_BITS + 4 * EMPTY_FIXED_BITS) / 8 + 1];
    private int count;

    BitWriter write(int value, int bits) {
      for (int i = 0; i < bits; i++, count++) {
        out[count / 8] |= (byte) ((value >> i & 1) << count % 8);
      }
      return this;
    }

    /// 256 unused literals, an end code of one bit, no distance code: length symbols 18, 18, 1, 0, coded 11, 11, 10,
    /// 0.
    void emptyDynamicBlock() {
      write(4, 3).write(0, 5).write(0, 5).write(14, 4);
      for (int symbol : new int[] {16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1}) {
        write(symbol == 0 ? 1 : symbol == 1 || symbol == 18 ? 2 : 0, 3);
      }
      write(0b11, 2).write(138 - 11, 7); // symbol 18: up to 138 zeros
      write(0b11, 2).write(118 - 11, 7);
      write(0b01, 2); // symbol 1, from the highest bit
      write(0, 1); // symbol 0: no distance code
      write(0, 1); // end of block
    }

    byte[] bytes() {
      return Arrays.copyOf(out, (count + 7) / 8);
    }
  }
}
