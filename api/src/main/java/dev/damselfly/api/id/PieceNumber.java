package dev.damselfly.api.id;

import dev.damselfly.api.error.InvalidValue;

/// Zero-based position of a piece in its task (B-18).
public record PieceNumber(int value) implements Comparable<PieceNumber> {
  public static final int MAX = 1 << 20;

  public PieceNumber {
    if (value < 0 || value >= MAX) {
      throw new InvalidValue("must be in [0, " + MAX + ")");
    }
  }

  /// From a proto `uint32`, which Java sees as a signed `int`: values above 2^31-1 arrive negative and are refused.
  public static PieceNumber fromUint32(int wire) {
    return new PieceNumber(wire);
  }

  @Override
  public int compareTo(PieceNumber other) {
    return Integer.compare(value, other.value);
  }

  @Override
  public String toString() {
    return Integer.toString(value);
  }
}
