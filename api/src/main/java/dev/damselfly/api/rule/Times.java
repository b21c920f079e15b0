package dev.damselfly.api.rule;

import com.google.protobuf.Message;

/// Durations and points in time (B-29). Both types have seconds as field 1 and nanos as field 2.
final class Times {
  /// About 10,000 years, the limit of the type.
  private static final long MAX_DURATION = 315_576_000_000L;

  /// End of the year 9999, the limit of the type.
  private static final long MAX_TIMESTAMP = 253_402_300_799L;

  private static final int MAX_NANOS = 999_999_999;

  private Times() {}

  static long seconds(Object value) {
    return (long) field(value, 1);
  }

  static int nanos(Object value) {
    return (int) field(value, 2);
  }

  private static Object field(Object value, int number) {
    var message = (Message) value;
    return message.getField(message.getDescriptorForType().findFieldByNumber(number));
  }

  static boolean isDuration(Object value) {
    return isWithin(value, MAX_DURATION);
  }

  static boolean isTimestamp(Object value) {
    return isWithin(value, MAX_TIMESTAMP);
  }

  private static boolean isWithin(Object value, long max) {
    long seconds = seconds(value);
    int nanos = nanos(value);
    return seconds >= 0 && seconds <= max && nanos >= 0 && nanos <= MAX_NANOS;
  }
}
