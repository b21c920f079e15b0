package dev.damselfly.dist.cli;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.function.LongSupplier;

/// Bytes per second over the last five seconds.
final class Rate {
  private static final long WINDOW_NANOS = 5_000_000_000L;

  private record Sample(long nanos, long bytes) {}

  private final Deque<Sample> samples = new ArrayDeque<>();
  private final LongSupplier nanos;

  Rate(LongSupplier nanos) {
    this.nanos = nanos;
    restart();
  }

  void restart() {
    samples.clear();
    samples.add(new Sample(nanos.getAsLong(), 0));
  }

  void note(long totalBytes) {
    long now = nanos.getAsLong();
    samples.addLast(new Sample(now, totalBytes));
    while (samples.size() > 2 && now - samples.getFirst().nanos() > WINDOW_NANOS) {
      samples.removeFirst();
    }
  }

  long perSecond() {
    Sample first = samples.getFirst();
    Sample last = samples.getLast();
    long elapsed = last.nanos() - first.nanos();
    return elapsed <= 0 ? 0 : (long) ((last.bytes() - first.bytes()) * 1e9 / elapsed);
  }
}
