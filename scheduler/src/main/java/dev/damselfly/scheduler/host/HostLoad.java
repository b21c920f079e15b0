package dev.damselfly.scheduler.host;

/// Upload counters of a host: exactly the sum over its outgoing edges, plus the two totals.
///
/// @param uploads edges ever added
/// @param failedUploads pieces that children gave up on
/// @param concurrentUploads edges now
/// @param txBits bits that the edges now may keep in flight
/// @param pieceSlots pieces that the edges now may keep in flight
/// @param contentBytes content lengths of the edges now, added up
public record HostLoad(
    long uploads, long failedUploads, long concurrentUploads, long txBits, long pieceSlots, long contentBytes) {
  public static final HostLoad NONE = new HostLoad(0, 0, 0, 0, 0, 0);

  /// What one edge costs its parent. Kept with the edge, so that removal takes away what was added.
  ///
  /// @param pieceLength bytes, 0 while unknown
  /// @param slots pieces the child keeps in flight
  /// @param contentLength bytes, 0 while unknown
  public record Cost(long pieceLength, int slots, long contentLength) {
    public Cost {
      pieceLength = Math.max(0, pieceLength);
      contentLength = Math.max(0, contentLength);
    }

    long bits() {
      return pieceLength * slots * 8; // at most 2^26 * 2^16 * 2^3
    }
  }

  HostLoad plus(Cost edge) {
    return new HostLoad(
        uploads + 1,
        failedUploads,
        concurrentUploads + 1,
        txBits + edge.bits(),
        pieceSlots + edge.slots(),
        contentBytes + edge.contentLength());
  }

  HostLoad minus(Cost edge) {
    return new HostLoad(
        uploads,
        failedUploads,
        Math.max(0, concurrentUploads - 1),
        Math.max(0, txBits - edge.bits()),
        Math.max(0, pieceSlots - edge.slots()),
        Math.max(0, contentBytes - edge.contentLength()));
  }

  HostLoad plusFailure() {
    return new HostLoad(uploads, failedUploads + 1, concurrentUploads, txBits, pieceSlots, contentBytes);
  }
}
