package dev.damselfly.scheduler.task;

import java.time.Duration;
import java.util.Arrays;

/// The newest piece costs of a peer, at most [#WINDOW]. Not thread-safe.
public final class PieceCosts {
  static final int WINDOW = 2000;

  private long[] nanos = new long[8];
  private int size;
  private int next;

  /// Summary for the bad-parent rule.
  ///
  /// @param count values in the window
  /// @param last the newest, in nanoseconds; 0 when there is none
  /// @param mean mean of the earlier ones
  /// @param deviation population standard deviation of the earlier ones; computed for a full window only, else 0
  public record Summary(int count, double last, double mean, double deviation) {
    public static final Summary NONE = new Summary(0, 0, 0, 0);

    public boolean isFull() {
      return count >= WINDOW;
    }
  }

  void add(Duration cost) {
    if (size < WINDOW && size == nanos.length) {
      nanos = Arrays.copyOf(nanos, Math.min(WINDOW, 2 * size));
    }
    nanos[next] = Math.clamp(cost.toSeconds(), 0, 1 << 30) * 1_000_000_000L + cost.toNanosPart();
    next = (next + 1) % WINDOW;
    size = Math.min(WINDOW, size + 1);
  }

  Summary summary() {
    if (size == 0) {
      return Summary.NONE;
    }
    long last = nanos[(next + WINDOW - 1) % WINDOW];
    int earlier = size - 1;
    if (earlier == 0) {
      return new Summary(1, last, 0, 0);
    }
    double mean = (sum() - last) / earlier;
    return new Summary(size, last, mean, size == WINDOW ? Math.sqrt(squares(mean, last) / earlier) : 0);
  }

  private double sum() {
    double sum = 0;
    for (int i = 0; i < size; i++) {
      sum += nanos[i];
    }
    return sum;
  }

  private double squares(double mean, double last) {
    double sum = 0;
    for (int i = 0; i < size; i++) {
      sum += (nanos[i] - mean) * (nanos[i] - mean);
    }
    return Math.max(0, sum - (last - mean) * (last - mean));
  }
}
