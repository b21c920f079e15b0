package dev.damselfly.nydus;

import java.util.Arrays;

/// A growing list of longs.
final class Longs {
  private long[] values = new long[16];
  private int size;

  void add(long value) {
    if (size == values.length) {
      values = Arrays.copyOf(values, size + (size >> 1));
    }
    values[size++] = value;
  }

  long removeLast() {
    return values[--size];
  }

  boolean isEmpty() {
    return size == 0;
  }

  int size() {
    return size;
  }

  long get(int index) {
    return values[index];
  }

  /// The values in order; this list is not used afterwards.
  long[] sorted() {
    long[] sorted = Arrays.copyOf(values, size);
    Arrays.sort(sorted);
    return sorted;
  }
}
