package dev.damselfly.api.rule;

import com.google.protobuf.Descriptors.FieldDescriptor;

/// Integers of the wire as signed 64-bit numbers.
final class Numbers {
  private Numbers() {}

  /// Unsigned values from 2^63 become 2^63-1: above every bound, and never negative (TOB-19).
  static long widen(FieldDescriptor field, Object value) {
    return switch (field.getType()) {
      case UINT32, FIXED32 -> Integer.toUnsignedLong((int) value);
      case UINT64, FIXED64 -> (long) value < 0 ? Long.MAX_VALUE : (long) value;
      default -> ((Number) value).longValue();
    };
  }
}
