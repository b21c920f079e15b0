package dev.damselfly.conformance.reference;

import dev.damselfly.api.id.TaskTuple;
import dev.damselfly.api.wire.common.v2.Download;
import java.util.Set;

/// Task ids and piece lengths of the reference peer.
final class RefIds {
  private static final long MEGA = 1 << 20;

  private RefIds() {}

  static String of(Download download, Set<Fault> faults) {
    Download judged = download;
    if (faults.contains(Fault.LEAVES_APPLICATION_OUT)) {
      judged = judged.toBuilder().clearApplication().build();
    }
    if (faults.contains(Fault.IGNORES_BLOB_DIGESTS)) {
      judged = judged.toBuilder().clearEnableTaskIdBasedBlobDigest().build();
    }
    if (faults.contains(Fault.NEVER_FILTERS_QUERIES)) {
      judged = judged.toBuilder().clearFilteredQueryParams().build();
    }
    return TaskTuple.of(judged).id().value();
  }

  static long pieceLength(long content, Set<Fault> faults) {
    long aim = content / 500 + (faults.contains(Fault.SHIFTS_BREAK_POINTS) ? 2 : 0);
    long length = 4 * MEGA;
    while (length < aim && length < 64 * MEGA) {
      length *= 2;
    }
    return length;
  }
}
