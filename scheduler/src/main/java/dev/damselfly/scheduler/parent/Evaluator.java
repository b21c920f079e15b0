package dev.damselfly.scheduler.parent;

import dev.damselfly.scheduler.host.Host;
import dev.damselfly.scheduler.host.HostLoad;
import dev.damselfly.scheduler.task.PeerState;
import java.util.Locale;

/// The evaluator `default`. Load counts our own bookkeeping only, never figures that a host claims (S-SCH-7).
public final class Evaluator {
  private static final double PIECE_BITS_PER_SLOT = (16 << 20) * 8.0;
  private static final int LOCATION_ELEMENTS = 5;

  private Evaluator() {}

  public static Score score(Host.Facts child, Host.Facts parent, HostLoad load, PeerState parentState) {
    return new Score(
        loadQuality(parent.maxTxBits(), load),
        idc(child.idc(), parent.idc()),
        location(child.location(), parent.location()),
        hostType(parent.seed(), parentState));
  }

  static double loadQuality(long maxTxBits, HostLoad load) {
    return 0.5 * peakBandwidth(maxTxBits, load.txBits())
        + 0.3 * bandwidthDuration(maxTxBits, load.contentBytes())
        + 0.2 * concurrency(maxTxBits, load.pieceSlots());
  }

  static double peakBandwidth(long maxTxBits, long txBits) {
    return maxTxBits == 0 || txBits >= maxTxBits ? 0 : 1 - (double) txBits / maxTxBits;
  }

  /// How much of a minute the promised content takes at full bandwidth.
  static double bandwidthDuration(long maxTxBits, long contentBytes) {
    if (maxTxBits == 0) {
      return 0;
    }
    if (contentBytes == 0) {
      return 1;
    }
    double minutes = contentBytes * 8.0 / maxTxBits / 60;
    return minutes >= 1 ? 0 : 1 - minutes;
  }

  static double concurrency(long maxTxBits, long pieceSlots) {
    double needed = maxTxBits / PIECE_BITS_PER_SLOT;
    if (needed <= 1) {
      return 0;
    }
    if (pieceSlots == 0) {
      return 1;
    }
    double used = pieceSlots / needed;
    return used <= 1 ? 1 : 1 / used;
  }

  static double idc(String child, String parent) {
    return !child.isEmpty() && same(child, parent) ? 1 : 0;
  }

  static double location(String child, String parent) {
    if (child.isEmpty() || parent.isEmpty()) {
      return 0;
    }
    if (same(child, parent)) {
      return 1;
    }
    String[] ours = child.split("\\|", LOCATION_ELEMENTS + 1);
    String[] theirs = parent.split("\\|", LOCATION_ELEMENTS + 1);
    int equal = 0;
    while (equal < Math.min(LOCATION_ELEMENTS, Math.min(ours.length, theirs.length)) && same(ours[equal], theirs[equal])) {
      equal++;
    }
    return (double) equal / LOCATION_ELEMENTS;
  }

  static double hostType(boolean seed, PeerState state) {
    if (!seed) {
      return 0.5;
    }
    return state == PeerState.RECEIVED_NORMAL || state == PeerState.RUNNING ? 1 : 0;
  }

  private static boolean same(String a, String b) {
    return a.toLowerCase(Locale.ROOT).equals(b.toLowerCase(Locale.ROOT));
  }
}
