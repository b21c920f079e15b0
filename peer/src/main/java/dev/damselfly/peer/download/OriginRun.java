package dev.damselfly.peer.download;

import dev.damselfly.api.id.PieceNumber;
import java.util.BitSet;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// One read from the origin: a contiguous run of pieces, or everything to the end of the content.
final class OriginRun {
  final long leaseId;
  final int first;
  final int last;
  final boolean whole;
  final BitSet delivered = new BitSet();
  private volatile boolean cancelled;
  private volatile @Nullable Thread reader;

  /// @param last inclusive; ignored for a whole run
  OriginRun(long leaseId, int first, int last, boolean whole) {
    this.leaseId = leaseId;
    this.first = first;
    this.last = last;
    this.whole = whole;
  }

  int pieces() {
    return last - first + 1;
  }

  boolean cancelled() {
    return cancelled;
  }

  void readBy(Thread thread) {
    reader = thread;
  }

  /// Stops the reader; what it delivered stays.
  void cancel() {
    cancelled = true;
    Thread thread = reader;
    if (thread != null) {
      thread.interrupt();
    }
  }

  /// Pieces that did not come. Owner's thread.
  List<PieceNumber> undelivered() {
    if (whole) {
      return List.of();
    }
    var left = new BitSet();
    left.set(first, last + 1);
    left.andNot(delivered);
    return left.stream().mapToObj(PieceNumber::new).toList();
  }
}
