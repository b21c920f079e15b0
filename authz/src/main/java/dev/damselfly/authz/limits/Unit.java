package dev.damselfly.authz.limits;

import java.time.Duration;
import java.util.Locale;

/// What the number of a bound counts.
public enum Unit {
  COUNT,
  BYTES,
  BYTES_PER_SECOND,
  PER_SECOND,
  MILLIS,
  PERCENT;

  /// For people: `4 MiB`, `10 s`, `100`.
  String show(long value) {
    return switch (this) {
      case COUNT -> Long.toString(value);
      case BYTES -> bytes(value);
      case BYTES_PER_SECOND -> bytes(value) + "/s";
      case PER_SECOND -> value + "/s";
      case PERCENT -> value + " %";
      case MILLIS -> time(Duration.ofMillis(value));
    };
  }

  private static String bytes(long value) {
    String[] names = {"B", "KiB", "MiB", "GiB", "TiB"};
    int i = 0;
    long left = value;
    while (i < names.length - 1 && left >= 1024 && left % 1024 == 0) {
      left /= 1024;
      i++;
    }
    return String.format(Locale.ROOT, "%d %s", left, names[i]);
  }

  private static String time(Duration time) {
    if (time.toMillisPart() != 0) {
      return time.toMillis() + " ms";
    }
    if (time.toSecondsPart() != 0) {
      return time.toSeconds() + " s";
    }
    if (time.toMinutesPart() != 0) {
      return time.toMinutes() + " min";
    }
    return time.toHoursPart() == 0 && time.toDays() > 0 ? time.toDays() + " d" : time.toHours() + " h";
  }
}
