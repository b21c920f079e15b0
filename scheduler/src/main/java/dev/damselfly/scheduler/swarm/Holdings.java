package dev.damselfly.scheduler.swarm;

import java.util.Arrays;
import java.util.BitSet;

/// How many members hold each piece. Not thread-safe.
final class Holdings {
  private int[] counts = new int[64];
  private final BitSet held = new BitSet();
  private long losses;

  void add(int number) {
    if (number >= counts.length) {
      counts = Arrays.copyOf(counts, Math.max(number + 1, 2 * counts.length));
    }
    counts[number]++;
    held.set(number);
  }

  void remove(int number) {
    if (number < counts.length && counts[number] > 0) {
      counts[number]--;
      held.set(number, counts[number] > 0);
      losses++;
    }
  }

  void removeAll(BitSet numbers) {
    numbers.stream().forEach(this::remove);
  }

  /// The pieces that somebody holds; not to be changed by the caller.
  BitSet held() {
    return held;
  }

  /// Grows whenever a member loses a piece.
  long losses() {
    return losses;
  }

  boolean isHeld(int number) {
    return held.get(number);
  }
}
