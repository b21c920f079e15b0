package dev.damselfly.nydus;

import static java.lang.Integer.rotateRight;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/// BLAKE3-256 of a stream of bytes, without a key (BLAKE3 specification, 2.1 to 2.5). Not thread-safe.
///
/// Many chunks of 1024 bytes are compressed side by side, one in each lane of [Blake3Lanes], whose loops the compiler
/// turns into vector instructions: three times as fast as one chunk after the other.
final class Blake3 implements DigestAlgorithm.Running {
  static final int CHUNK = 1024;
  static final int BLOCK = 64;
  static final int WORDS = 16;
  static final int CHUNK_START = 1;
  static final int CHUNK_END = 2;
  private static final int PARENT = 4;
  private static final int ROOT = 8;
  private static final int LANES = 128;
  private static final int FEW = 4; // below, lanes cost more than they give
  private static final int BUFFER = LANES * CHUNK;
  private static final int MOST_DEPTH = 54;
  private static final VarHandle INTS = MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.LITTLE_ENDIAN);
  private static final int[] IV = {
    0x6A09E667, 0xBB67AE85, 0x3C6EF372, 0xA54FF53A, 0x510E527F, 0x9B05688C, 0x1F83D9AB, 0x5BE0CD19
  };
  private static final int[] PERMUTATION = {2, 6, 3, 10, 7, 0, 4, 13, 1, 11, 12, 5, 9, 14, 15, 8};

  /// Which message word goes where, for each of the seven rounds.
  private static final byte[][] SCHEDULE = schedule();

  private final int[][] stack = new int[MOST_DEPTH][];
  private @Nullable Blake3Lanes lanes; // made when needed: most inputs of a bootstrap are small
  private byte[] buffer = new byte[CHUNK];
  private int buffered;
  private int depth;
  private long chunks;

  private static byte[][] schedule() {
    var schedule = new byte[7][WORDS];
    for (int word = 0; word < WORDS; word++) {
      schedule[0][word] = (byte) word;
    }
    for (int round = 1; round < schedule.length; round++) {
      for (int word = 0; word < WORDS; word++) {
        schedule[round][word] = schedule[round - 1][PERMUTATION[word]];
      }
    }
    return schedule;
  }

  static int iv(int word) {
    return IV[word];
  }

  static byte[] round(int round) {
    return SCHEDULE[round];
  }

  static int word(byte[] bytes, int at) {
    return (int) INTS.get(bytes, at);
  }

  @Override
  public void add(byte[] bytes, int from, int length) {
    int at = from;
    int left = length;
    while (left > 0) {
      if (buffered == BUFFER) { // more follows, so none of these is the last chunk
        push(buffer, 0, LANES);
        buffered = 0;
      }
      if (buffered == 0 && left > BUFFER) {
        push(bytes, at, LANES);
        at += BUFFER;
        left -= BUFFER;
      } else {
        int count = Math.min(left, BUFFER - buffered);
        if (count > buffer.length - buffered) {
          buffer = Arrays.copyOf(buffer, Math.min(BUFFER, Math.max(2 * buffer.length, buffered + count)));
        }
        System.arraycopy(bytes, at, buffer, buffered, count);
        buffered += count;
        at += count;
        left -= count;
      }
    }
  }

  @Override
  public byte[] end() {
    int whole = Math.max(0, (buffered - 1) / CHUNK); // chunks before the last one
    push(buffer, 0, whole);
    boolean only = chunks == 0;
    int[] value = last(whole * CHUNK, buffered - whole * CHUNK, only);
    while (depth > 0) {
      int[] left = stack[--depth];
      value = parent(left, value, depth == 0 ? ROOT : 0);
    }
    var out = new byte[DigestAlgorithm.LENGTH];
    for (int i = 0; i < value.length; i++) {
      INTS.set(out, 4 * i, value[i]);
    }
    return out;
  }

  /// Chunks that others follow.
  private void push(byte[] bytes, int from, int count) {
    if (count >= FEW) {
      Blake3Lanes side = lanes == null || lanes.count() < count ? new Blake3Lanes(count) : lanes;
      lanes = side;
      side.compress(bytes, from, count, chunks);
      for (int lane = 0; lane < count; lane++) {
        push(side.value(lane));
      }
    } else {
      for (int i = 0; i < count; i++) {
        push(chunk(bytes, from + i * CHUNK, CHUNK, 0));
      }
    }
  }

  /// Joins the subtrees that the new chunk completes.
  private void push(int[] chunk) {
    chunks++;
    int[] value = chunk;
    for (long total = chunks; (total & 1) == 0; total >>= 1) {
      value = parent(stack[--depth], value, 0);
    }
    stack[depth++] = value;
  }

  private int[] last(int from, int length, boolean only) {
    return chunk(buffer, from, length, only ? ROOT : 0);
  }

  private int[] chunk(byte[] bytes, int from, int length, int rootFlag) {
    int[] value = IV.clone();
    var message = new int[WORDS];
    int at = 0;
    do {
      int size = Math.min(BLOCK, length - at);
      byte[] block = bytes;
      int start = from + at;
      if (size < BLOCK) {
        block = Arrays.copyOf(Arrays.copyOfRange(bytes, start, start + size), BLOCK);
        start = 0;
      }
      for (int word = 0; word < WORDS; word++) {
        message[word] = word(block, start + 4 * word);
      }
      int flags = at == 0 ? CHUNK_START : 0;
      at += size;
      flags |= at == length ? CHUNK_END | rootFlag : 0;
      compress(value, message, chunks, size, flags);
    } while (at < length);
    return value;
  }

  private static int[] parent(int[] left, int[] right, int rootFlag) {
    int[] message = Arrays.copyOf(left, WORDS);
    System.arraycopy(right, 0, message, left.length, right.length);
    int[] value = IV.clone();
    compress(value, message, 0, BLOCK, PARENT | rootFlag);
    return value;
  }

  /// One compression; the chaining value is replaced. The state is in local variables: twice as fast as in an array.
  private static void compress(int[] value, int[] m, long counter, int length, int flags) {
    int v0 = value[0], v1 = value[1], v2 = value[2], v3 = value[3];
    int v4 = value[4], v5 = value[5], v6 = value[6], v7 = value[7];
    int v8 = IV[0], v9 = IV[1], v10 = IV[2], v11 = IV[3];
    int v12 = (int) counter, v13 = (int) (counter >>> 32), v14 = length, v15 = flags;
    for (byte[] s : SCHEDULE) {
      v0 += v4 + m[s[0]]; v12 = rotateRight(v12 ^ v0, 16); v8 += v12; v4 = rotateRight(v4 ^ v8, 12);
      v0 += v4 + m[s[1]]; v12 = rotateRight(v12 ^ v0, 8); v8 += v12; v4 = rotateRight(v4 ^ v8, 7);
      v1 += v5 + m[s[2]]; v13 = rotateRight(v13 ^ v1, 16); v9 += v13; v5 = rotateRight(v5 ^ v9, 12);
      v1 += v5 + m[s[3]]; v13 = rotateRight(v13 ^ v1, 8); v9 += v13; v5 = rotateRight(v5 ^ v9, 7);
      v2 += v6 + m[s[4]]; v14 = rotateRight(v14 ^ v2, 16); v10 += v14; v6 = rotateRight(v6 ^ v10, 12);
      v2 += v6 + m[s[5]]; v14 = rotateRight(v14 ^ v2, 8); v10 += v14; v6 = rotateRight(v6 ^ v10, 7);
      v3 += v7 + m[s[6]]; v15 = rotateRight(v15 ^ v3, 16); v11 += v15; v7 = rotateRight(v7 ^ v11, 12);
      v3 += v7 + m[s[7]]; v15 = rotateRight(v15 ^ v3, 8); v11 += v15; v7 = rotateRight(v7 ^ v11, 7);
      v0 += v5 + m[s[8]]; v15 = rotateRight(v15 ^ v0, 16); v10 += v15; v5 = rotateRight(v5 ^ v10, 12);
      v0 += v5 + m[s[9]]; v15 = rotateRight(v15 ^ v0, 8); v10 += v15; v5 = rotateRight(v5 ^ v10, 7);
      v1 += v6 + m[s[10]]; v12 = rotateRight(v12 ^ v1, 16); v11 += v12; v6 = rotateRight(v6 ^ v11, 12);
      v1 += v6 + m[s[11]]; v12 = rotateRight(v12 ^ v1, 8); v11 += v12; v6 = rotateRight(v6 ^ v11, 7);
      v2 += v7 + m[s[12]]; v13 = rotateRight(v13 ^ v2, 16); v8 += v13; v7 = rotateRight(v7 ^ v8, 12);
      v2 += v7 + m[s[13]]; v13 = rotateRight(v13 ^ v2, 8); v8 += v13; v7 = rotateRight(v7 ^ v8, 7);
      v3 += v4 + m[s[14]]; v14 = rotateRight(v14 ^ v3, 16); v9 += v14; v4 = rotateRight(v4 ^ v9, 12);
      v3 += v4 + m[s[15]]; v14 = rotateRight(v14 ^ v3, 8); v9 += v14; v4 = rotateRight(v4 ^ v9, 7);
    }
    value[0] = v0 ^ v8;
    value[1] = v1 ^ v9;
    value[2] = v2 ^ v10;
    value[3] = v3 ^ v11;
    value[4] = v4 ^ v12;
    value[5] = v5 ^ v13;
    value[6] = v6 ^ v14;
    value[7] = v7 ^ v15;
  }
}
