package dev.damselfly.scheduler.swarm;

import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;

/// Members that read from the origin much more slowly than the others do now. What they alone hold reaches the others as
/// slowly, so they get no new lease while somebody faster wants one, and a read that is very late goes to somebody else.
/// Judged by comparison only: an origin that is slow for all makes nobody a laggard. Not thread-safe.
final class Laggards {
  /// Who lagged is tried again after this long.
  private static final Duration TRIED_AGAIN_AFTER = Duration.ofSeconds(30);

  private static final int SAMPLES = 5;
  private static final int SLOW = 2;
  private static final int LATE = 4;
  private static final Duration NOTICED = Duration.ofMillis(250);
  private static final Duration LEAST = Duration.ofSeconds(1);

  private final long[] recent = new long[SAMPLES];
  private int samples;
  private int next;
  private Instant latestStart = Instant.MIN;
  private final Map<String, Instant> until = new HashMap<>();

  /// A piece was read.
  ///
  /// @param started when its lease was granted, or the piece before it was read
  void read(String peerId, Instant started, Instant now) {
    var took = Duration.between(started, now);
    boolean slow = isKnown() && took.compareTo(NOTICED) > 0 && took.compareTo(typical().multipliedBy(SLOW)) > 0;
    sample(took);
    if (started.isAfter(latestStart)) {
      latestStart = started;
    }
    if (slow) {
      until.put(peerId, now.plus(TRIED_AGAIN_AFTER));
    } else {
      until.remove(peerId);
    }
  }

  /// A read takes several times as long as is usual, and one that began after it has ended.
  boolean isLate(Lease lease, Instant now) {
    return isKnown()
        && latestStart.isAfter(lease.progressAt())
        && Duration.between(lease.progressAt(), now).compareTo(patience()) >= 0;
  }

  /// The lease was taken back because it is late. Its time counts as what a read takes, so that when everything gets
  /// slower only a few are taken back.
  void tookBack(Lease lease, Instant now) {
    sample(Duration.between(lease.progressAt(), now));
    until.put(lease.peerId(), now.plus(TRIED_AGAIN_AFTER));
  }

  boolean lags(String peerId, Instant now) {
    Instant end = until.get(peerId);
    return end != null && now.isBefore(end);
  }

  void forget(String peerId) {
    until.remove(peerId);
  }

  /// A read may be late after this long.
  Duration patience() {
    if (!isKnown()) {
      return OriginPace.PATIENCE;
    }
    Duration late = typical().multipliedBy(LATE);
    return late.compareTo(LEAST) < 0 ? LEAST : late;
  }

  private boolean isKnown() {
    return samples >= SAMPLES;
  }

  private void sample(Duration took) {
    recent[next] = took.toNanos();
    next = (next + 1) % SAMPLES;
    samples = Math.min(SAMPLES, samples + 1);
  }

  /// The median of the latest reads.
  private Duration typical() {
    long[] sorted = recent.clone();
    Arrays.sort(sorted);
    return Duration.ofNanos(sorted[SAMPLES / 2]);
  }
}
