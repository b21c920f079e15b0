package dev.damselfly.api.ring;

/// SipHash-2-4 with 64-bit result (Aumasson, Bernstein 2012). Here with the fixed key 0/0: it places, it does not
/// protect.
public final class SipHash24 {
  private long v0;
  private long v1;
  private long v2;
  private long v3;

  private SipHash24(long k0, long k1) {
    v0 = k0 ^ 0x736f6d6570736575L;
    v1 = k1 ^ 0x646f72616e646f6dL;
    v2 = k0 ^ 0x6c7967656e657261L;
    v3 = k1 ^ 0x7465646279746573L;
  }

  /// Hash with key 0/0.
  public static long hash(byte[] input) {
    return hash(0, 0, input);
  }

  /// @param k0 first eight bytes of the key, little-endian
  /// @param k1 last eight bytes of the key, little-endian
  static long hash(long k0, long k1, byte[] input) {
    var state = new SipHash24(k0, k1);
    int whole = input.length & ~7;
    for (int at = 0; at < whole; at += 8) {
      state.absorb(littleEndian(input, at, 8));
    }
    state.absorb((long) input.length << 56 | littleEndian(input, whole, input.length - whole));
    return state.finish();
  }

  private static long littleEndian(byte[] input, int at, int count) {
    long word = 0;
    for (int i = 0; i < count; i++) {
      word |= (input[at + i] & 0xffL) << 8 * i;
    }
    return word;
  }

  private void absorb(long word) {
    v3 ^= word;
    rounds(2);
    v0 ^= word;
  }

  private long finish() {
    v2 ^= 0xff;
    rounds(4);
    return v0 ^ v1 ^ v2 ^ v3;
  }

  private void rounds(int count) {
    for (int i = 0; i < count; i++) {
      v0 += v1;
      v1 = Long.rotateLeft(v1, 13) ^ v0;
      v0 = Long.rotateLeft(v0, 32);
      v2 += v3;
      v3 = Long.rotateLeft(v3, 16) ^ v2;
      v0 += v3;
      v3 = Long.rotateLeft(v3, 21) ^ v0;
      v2 += v1;
      v1 = Long.rotateLeft(v1, 17) ^ v2;
      v2 = Long.rotateLeft(v2, 32);
    }
  }
}
