package dev.damselfly.peer.download;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.Comparator;
import java.util.List;

/// Cuts leased pieces into runs. Pure.
final class OriginRuns {
  private OriginRuns() {}

  /// Contiguous runs, the longest halved while readers would stand idle.
  ///
  /// @param readers that are free
  static List<OriginRun> of(long leaseId, BitSet numbers, int readers) {
    var runs = new ArrayList<OriginRun>();
    for (int first = numbers.nextSetBit(0); first >= 0; ) {
      int end = numbers.nextClearBit(first);
      runs.add(new OriginRun(leaseId, first, end - 1, false));
      first = numbers.nextSetBit(end);
    }
    while (runs.size() < readers) {
      OriginRun longest = runs.stream().max(Comparator.comparingInt(OriginRun::pieces)).orElse(null);
      if (longest == null || longest.pieces() < 2) {
        break;
      }
      int middle = longest.first + longest.pieces() / 2;
      runs.remove(longest);
      runs.add(new OriginRun(leaseId, longest.first, middle - 1, false));
      runs.add(new OriginRun(leaseId, middle, longest.last, false));
    }
    runs.sort(Comparator.comparingInt(run -> run.first));
    return runs;
  }
}
