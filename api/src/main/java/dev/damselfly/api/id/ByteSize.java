package dev.damselfly.api.id;

import dev.damselfly.api.error.InvalidValue;
import java.util.Locale;

/// A number of bytes, `0..2^63-1`, with exact arithmetic (TOB-19).
public record ByteSize(long bytes) implements Comparable<ByteSize> {
  private static final String[] UNITS = {"B", "KiB", "MiB", "GiB", "TiB", "PiB"};

  public ByteSize {
    if (bytes < 0) {
      throw new InvalidValue("must be in [0, 2^63)");
    }
  }

  /// From a proto `uint64`, which Java sees as a signed `long`: values from 2^63 arrive negative and are refused.
  public static ByteSize fromUint64(long wire) {
    return new ByteSize(wire);
  }

  public static ByteSize ofMebibytes(int mebibytes) {
    return new ByteSize((long) mebibytes << 20);
  }

  /// @throws InvalidValue when the sum does not fit
  public ByteSize plus(ByteSize other) {
    return new ByteSize(bytes + other.bytes); // both are >= 0: an overflow is negative
  }

  @Override
  public int compareTo(ByteSize other) {
    return Long.compare(bytes, other.bytes);
  }

  /// For people: the largest unit that leaves at least 1, one decimal digit.
  public String display() {
    int unit = 0;
    double value = bytes;
    while (value >= 1024 && unit < UNITS.length - 1) {
      value /= 1024;
      unit++;
    }
    return unit == 0 ? bytes + " B" : String.format(Locale.ROOT, "%.1f %s", value, UNITS[unit]);
  }

  @Override
  public String toString() {
    return Long.toString(bytes);
  }
}
