package dev.damselfly.scheduler.swarm;

import java.time.Duration;
import java.time.Instant;

/// How many pieces are read from the origin at once, by all members together. Not thread-safe.
///
/// A piece goes on to others when it is whole, and reads that share the origin's link end late together: what is in
/// flight at the start keeps the links between members idle, and what is in flight at the end has still to be passed on
/// when the origin is done. So: as few as keep the origin busy. Where pieces take so little time that the way to the
/// scheduler and back counts, that is more of them.
final class OriginPace {
  /// A lease without progress for this long takes nobody's place.
  static final Duration PATIENCE = Duration.ofSeconds(5);

  private static final int FEW = 4;
  private static final int MOST = 64;
  private static final int SHARE_OF_CONTENT = 32;
  private static final Duration WINDOW = Duration.ofMillis(500);

  /// What the origin brings in this time is in flight at least.
  private static final double AHEAD_SECONDS = 0.2;

  private Instant windowStart = Instant.MIN;
  private int inWindow;
  private double perSecond;

  /// A piece was read.
  void done(Instant now) {
    if (windowStart.equals(Instant.MIN)) {
      windowStart = now;
    }
    inWindow++;
    var elapsed = Duration.between(windowStart, now);
    if (elapsed.compareTo(WINDOW) >= 0) {
      perSecond = inWindow / (elapsed.toNanos() / 1e9);
      inWindow = 0;
      windowStart = now;
    }
  }

  /// @param count pieces of the content
  int inFlight(int count) {
    int ahead = (int) Math.ceil(Math.min(MOST, perSecond * AHEAD_SECONDS));
    return Math.clamp(Math.max(count / SHARE_OF_CONTENT, ahead), FEW, MOST);
  }
}
