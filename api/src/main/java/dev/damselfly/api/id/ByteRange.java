package dev.damselfly.api.id;

import dev.damselfly.api.error.InvalidValue;

/// A non-empty half-open range of bytes, `[start, start + length)`.
public record ByteRange(long start, long length) {
  public ByteRange {
    if (start < 0 || length <= 0 || start > Long.MAX_VALUE - length) {
      throw new InvalidValue("start must be >= 0, length > 0, and the end must fit in 63 bits");
    }
  }

  /// First byte after the range.
  public long end() {
    return start + length; // cannot overflow: checked above
  }
}
