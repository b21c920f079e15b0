package dev.damselfly.peer.transfer;

import java.time.Duration;

/// Measures a parent and judges whether it is too slow. Time is passed in; used on one event loop.
///
/// Only time counts in which the parent owes content and this host reads: neither an idle link nor a slow disk of ours
/// makes a parent look bad.
final class RateGauge {
  private static final long SAMPLE_NANOS = Duration.ofMillis(20).toNanos();
  private static final double NANOS_PER_SECOND = 1e9;
  private static final double WEIGHT = 0.3;

  private final long silenceNanos;
  private final long windowNanos;
  private final long minimumRate;

  private boolean owed;
  private boolean paused;
  private long lastByte;
  private long windowStart;
  private long windowBytes;
  private long sampleStart;
  private long sampleBytes;
  private volatile long rate;

  RateGauge(TransferLimits limits) {
    this.silenceNanos = limits.silence().toNanos();
    this.windowNanos = limits.rateWindow().toNanos();
    this.minimumRate = limits.minimumRate();
  }

  /// The parent owes content from now on.
  void owes(long now) {
    if (!owed) {
      owed = true;
      restart(now);
    }
  }

  /// Everything asked for was answered.
  void settled(long now) {
    takeSample(now);
    owed = false;
  }

  /// We stopped reading.
  void pause(long now) {
    takeSample(now);
    paused = true;
  }

  void resume(long now) {
    paused = false;
    restart(now);
  }

  /// Part of an answer arrived.
  void bytes(long count, long now) {
    lastByte = now;
    windowBytes += count;
    sampleBytes += count;
  }

  /// The parent was silent for too long, or its rate over a window was too low.
  boolean stalled(long now) {
    if (!owed || paused) {
      return false;
    }
    takeSample(now);
    if (now - lastByte > silenceNanos) {
      return true;
    }
    long elapsed = now - windowStart;
    if (elapsed < windowNanos) {
      return false;
    }
    boolean slow = windowBytes < minimumRate * (elapsed / NANOS_PER_SECOND);
    windowStart = now;
    windowBytes = 0;
    return slow;
  }

  /// Bytes per second; 0 while unknown. Any thread.
  long rate() {
    return rate;
  }

  private void restart(long now) {
    lastByte = now;
    windowStart = now;
    windowBytes = 0;
    sampleStart = now;
    sampleBytes = 0;
  }

  private void takeSample(long now) {
    long elapsed = now - sampleStart;
    if (!owed || paused || elapsed < SAMPLE_NANOS) {
      return;
    }
    double sample = sampleBytes / (elapsed / NANOS_PER_SECOND);
    rate = (long) (rate == 0 ? sample : rate + WEIGHT * (sample - rate));
    sampleStart = now;
    sampleBytes = 0;
  }
}
