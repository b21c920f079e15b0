package dev.damselfly.nydus;

import java.util.Arrays;

/// Compresses whole chunks of BLAKE3 side by side: word `w` of lane `l` is `[w][l]`, so each step is a plain loop over
/// arrays of int.
final class Blake3Lanes {
  private static final int ROUNDS = 7;

  private final int[][] state;
  private final int[][] message;
  private final int[][] values;

  Blake3Lanes(int lanes) {
    state = new int[Blake3.WORDS][lanes];
    message = new int[Blake3.WORDS][lanes];
    values = new int[8][lanes];
  }

  int count() {
    return state[0].length;
  }

  /// @param counter number of the first chunk
  void compress(byte[] bytes, int from, int lanes, long counter) {
    for (int i = 0; i < values.length; i++) {
      Arrays.fill(values[i], 0, lanes, Blake3.iv(i));
    }
    for (int block = 0; block < Blake3.CHUNK; block += Blake3.BLOCK) {
      for (int word = 0; word < Blake3.WORDS; word++) {
        load(message[word], bytes, from + block + 4 * word, lanes);
      }
      int flags = block == 0 ? Blake3.CHUNK_START : 0;
      flags |= block == Blake3.CHUNK - Blake3.BLOCK ? Blake3.CHUNK_END : 0;
      start(lanes, counter, flags);
      for (int round = 0; round < ROUNDS; round++) {
        round(Blake3.round(round), lanes);
      }
      for (int i = 0; i < values.length; i++) {
        xor(values[i], state[i], state[i + 8], lanes);
      }
    }
  }

  /// The chaining value of one lane.
  int[] value(int lane) {
    var value = new int[values.length];
    for (int i = 0; i < value.length; i++) {
      value[i] = values[i][lane];
    }
    return value;
  }

  private static void load(int[] into, byte[] bytes, int from, int lanes) {
    for (int lane = 0; lane < lanes; lane++) {
      into[lane] = Blake3.word(bytes, from + lane * Blake3.CHUNK);
    }
  }

  private void start(int lanes, long counter, int flags) {
    for (int i = 0; i < values.length; i++) {
      System.arraycopy(values[i], 0, state[i], 0, lanes);
    }
    for (int i = 0; i < 4; i++) {
      Arrays.fill(state[8 + i], 0, lanes, Blake3.iv(i));
    }
    for (int lane = 0; lane < lanes; lane++) {
      state[12][lane] = (int) (counter + lane);
      state[13][lane] = (int) (counter + lane >>> 32);
    }
    Arrays.fill(state[14], 0, lanes, Blake3.BLOCK);
    Arrays.fill(state[15], 0, lanes, flags);
  }

  private void round(byte[] s, int lanes) {
    int[][] v = state;
    int[][] m = message;
    mix(new int[][] {v[0], v[4], v[8], v[12]}, m[s[0]], m[s[1]], lanes);
    mix(new int[][] {v[1], v[5], v[9], v[13]}, m[s[2]], m[s[3]], lanes);
    mix(new int[][] {v[2], v[6], v[10], v[14]}, m[s[4]], m[s[5]], lanes);
    mix(new int[][] {v[3], v[7], v[11], v[15]}, m[s[6]], m[s[7]], lanes);
    mix(new int[][] {v[0], v[5], v[10], v[15]}, m[s[8]], m[s[9]], lanes);
    mix(new int[][] {v[1], v[6], v[11], v[12]}, m[s[10]], m[s[11]], lanes);
    mix(new int[][] {v[2], v[7], v[8], v[13]}, m[s[12]], m[s[13]], lanes);
    mix(new int[][] {v[3], v[4], v[9], v[14]}, m[s[14]], m[s[15]], lanes);
  }

  private static void mix(int[][] v, int[] x, int[] y, int lanes) {
    int[] va = v[0];
    int[] vb = v[1];
    int[] vc = v[2];
    int[] vd = v[3];
    for (int i = 0; i < lanes; i++) {
      int a = va[i] + vb[i] + x[i];
      int d = Integer.rotateRight(vd[i] ^ a, 16);
      int c = vc[i] + d;
      int b = Integer.rotateRight(vb[i] ^ c, 12);
      a += b + y[i];
      d = Integer.rotateRight(d ^ a, 8);
      c += d;
      va[i] = a;
      vb[i] = Integer.rotateRight(b ^ c, 7);
      vc[i] = c;
      vd[i] = d;
    }
  }

  private static void xor(int[] into, int[] a, int[] b, int lanes) {
    for (int i = 0; i < lanes; i++) {
      into[i] = a[i] ^ b[i];
    }
  }
}
