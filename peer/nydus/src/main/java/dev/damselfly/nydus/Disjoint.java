package dev.damselfly.nydus;

/// Whether ranges share no byte.
final class Disjoint {
  private Disjoint() {}

  /// Sorted starts and sorted ends of non-empty ranges: they are disjoint if and only if each end, but the last, is
  /// at or before the next start. (Count, at any point, the starts before it minus the ends before it.)
  ///
  /// @return a start that lies in another range, or -1
  static long offender(long[] starts, long[] ends) {
    for (int i = 1; i < starts.length; i++) {
      if (ends[i - 1] > starts[i]) {
        return starts[i];
      }
    }
    return -1;
  }
}
