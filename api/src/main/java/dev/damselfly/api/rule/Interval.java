package dev.damselfly.api.rule;

/// Closed interval, spelled `a..b`, `=a`, `>=a` or `<=a`, with `MiB` for a size or `s` for seconds behind a number.
record Interval(long min, long max, boolean isTime) {
  private static final String MIB = "MiB";

  /// @throws IllegalStateException for any other spelling
  static Interval parse(String text) {
    boolean time = text.endsWith("s");
    int dots = text.indexOf("..");
    if (dots > 0) {
      return new Interval(number(text.substring(0, dots)), number(text.substring(dots + 2)), time);
    }
    if (text.startsWith(">=")) {
      return new Interval(number(text.substring(2)), Long.MAX_VALUE, time);
    }
    if (text.startsWith("<=")) {
      return new Interval(Long.MIN_VALUE, number(text.substring(2)), time);
    }
    if (text.startsWith("=")) {
      return new Interval(number(text.substring(1)), number(text.substring(1)), time);
    }
    throw unknown(text);
  }

  private static long number(String text) {
    boolean size = text.endsWith(MIB);
    boolean time = text.endsWith("s");
    String digits = text.substring(0, text.length() - (size ? MIB.length() : time ? 1 : 0));
    if (digits.isEmpty() || digits.length() > 9 || !digits.chars().allMatch(c -> c >= '0' && c <= '9')) {
      throw unknown(text);
    }
    long number = Long.parseLong(digits);
    return size ? number << 20 : number;
  }

  private static IllegalStateException unknown(String text) {
    return new IllegalStateException("unknown rule \"" + text + "\"");
  }

  boolean contains(long value) {
    return value >= min && value <= max;
  }

  /// Never true for NaN.
  boolean contains(double value) {
    return value >= min && value <= max;
  }

  boolean containsTime(long seconds, int nanos) {
    return seconds >= min && (seconds < max || (seconds == max && nanos == 0));
  }
}
