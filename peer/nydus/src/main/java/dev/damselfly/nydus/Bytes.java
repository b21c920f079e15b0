package dev.damselfly.nydus;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.Arrays;

/// Little-endian fields of a bootstrap. Reading outside is a bug of ours: callers [#requireInside] first.
final class Bytes {
  private static final ValueLayout.OfShort U16 = ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfInt U32 = ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfLong U64 = ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  private final MemorySegment memory;

  Bytes(MemorySegment memory) {
    this.memory = memory.asReadOnly();
  }

  long length() {
    return memory.byteSize();
  }

  int u8(long at) {
    return memory.get(ValueLayout.JAVA_BYTE, at) & 0xff;
  }

  int u16(long at) {
    return memory.get(U16, at) & 0xffff;
  }

  long u32(long at) {
    return memory.get(U32, at) & 0xffff_ffffL;
  }

  /// All 64 bits; negative for values from 2^63.
  long u64(long at) {
    return memory.get(U64, at);
  }

  /// A 64-bit number of at most `most`.
  long u64(long at, long most, Code code, String rule) throws RafsRefused {
    long value = u64(at);
    require(value >= 0 && value <= most, code, at, rule);
    return value;
  }

  byte[] copy(long from, int length) {
    var copy = new byte[length];
    MemorySegment.copy(memory, ValueLayout.JAVA_BYTE, from, copy, 0, length);
    return copy;
  }

  /// First NUL in the range, or `to`.
  long firstZero(long from, long to) {
    long at = from;
    while (at < to && u8(at) != 0) {
      at++;
    }
    return at;
  }

  boolean isZero(long from, long length) {
    long end = from + length;
    long at = from;
    for (; at + Long.BYTES <= end; at += Long.BYTES) {
      if (u64(at) != 0) {
        return false;
      }
    }
    while (at < end) {
      if (u8(at++) != 0) {
        return false;
      }
    }
    return true;
  }

  /// Order of unsigned bytes; a prefix comes first.
  int compare(long a, int lengthOfA, long b, int lengthOfB) {
    int common = Math.min(lengthOfA, lengthOfB);
    for (int i = 0; i < common; i++) {
      int order = u8(a + i) - u8(b + i);
      if (order != 0) {
        return order;
      }
    }
    return lengthOfA - lengthOfB;
  }

  boolean same(long a, long b, long length) {
    return MemorySegment.mismatch(memory, a, a + length, memory, b, b + length) < 0;
  }

  /// The same order, against bytes outside of the bootstrap.
  int compare(long at, byte[] other, int length) {
    return Arrays.compareUnsigned(copy(at, length), other);
  }

  void requireInside(long from, long length, Code code, String rule) throws RafsRefused {
    require(from >= 0 && length >= 0 && from <= length() - length, code, Math.max(0, Math.min(from, length())), rule);
  }

  void requireZero(long from, long length, String what) throws RafsRefused {
    require(isZero(from, length), Code.M03, from, what);
  }

  static void require(boolean holds, Code code, long offset, String rule) throws RafsRefused {
    if (!holds) {
      throw new RafsRefused(code, offset, rule);
    }
  }

  static long align(long value, long to) {
    return (value + to - 1) / to * to;
  }
}
