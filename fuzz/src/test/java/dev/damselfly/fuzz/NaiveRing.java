package dev.damselfly.fuzz;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;

/// The ring of the specification as a search through all virtual nodes for the shortest way round.
final class NaiveRing {
  private static final long[] START = {0x736f6d6570736575L, 0x646f72616e646f6dL, 0x6c7967656e657261L, 0x7465646279746573L};

  private final List<Node> nodes = new ArrayList<>();

  private record Node(long hash, String name) {}

  NaiveRing(Collection<String> names) {
    for (String name : names) {
      for (int index = 0; index < 512; index++) {
        byte[] number = {(byte) index, (byte) (index >> 8), 0, 0, 0, 0, 0, 0};
        nodes.add(new Node(hash(concat(number, name)), name));
      }
    }
  }

  /// The member whose virtual node is the first at or after the key; the first of all when there is none.
  String owner(String key) {
    long at = hash(concat(new byte[0], key));
    long best = -1; // as far as there is
    String owner = nodes.getFirst().name();
    for (Node node : nodes) {
      long distance = node.hash() - at;
      if (Long.compareUnsigned(distance, best) < 0) {
        best = distance;
        owner = node.name();
      }
    }
    return owner;
  }

  private static byte[] concat(byte[] before, String text) {
    byte[] octets = text.getBytes(StandardCharsets.UTF_8);
    byte[] all = new byte[before.length + octets.length + 1];
    System.arraycopy(before, 0, all, 0, before.length);
    System.arraycopy(octets, 0, all, before.length, octets.length);
    all[all.length - 1] = (byte) 0xff;
    return all;
  }

  private static long hash(byte[] text) {
    long[] v = START.clone();
    byte[] padded = java.util.Arrays.copyOf(text, (text.length / 8 + 1) * 8);
    padded[padded.length - 1] = (byte) text.length;
    for (int block = 0; block < padded.length; block += 8) {
      long word = 0;
      for (int i = 7; i >= 0; i--) {
        word = word * 256 + (padded[block + i] & 0xff);
      }
      v[3] ^= word;
      round(v);
      round(v);
      v[0] ^= word;
    }
    v[2] ^= 255;
    for (int i = 0; i < 4; i++) {
      round(v);
    }
    return v[0] ^ v[1] ^ v[2] ^ v[3];
  }

  private static void round(long[] v) {
    half(v, 0, 1, 13, true);
    half(v, 2, 3, 16, false);
    half(v, 0, 3, 21, false);
    half(v, 2, 1, 17, true);
  }

  private static void half(long[] v, int sum, int turned, int by, boolean swap) {
    v[sum] += v[turned];
    v[turned] = (v[turned] << by | v[turned] >>> 64 - by) ^ v[sum];
    if (swap) {
      v[sum] = v[sum] << 32 | v[sum] >>> 32;
    }
  }
}
