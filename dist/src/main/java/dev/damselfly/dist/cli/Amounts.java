package dev.damselfly.dist.cli;

/// Numbers on the command line: `4MiB`, `90s`, `65001`.
final class Amounts {
  private Amounts() {}

  /// Bytes; a plain number or one with KiB, MiB, GiB (any case, `B` optional).
  static long bytes(String flag, String text) throws CommandFailed {
    int digits = digits(text);
    int shift =
        switch (text.substring(digits).toLowerCase(java.util.Locale.ROOT)) {
          case "", "b" -> 0;
          case "k", "ki", "kib" -> 10;
          case "m", "mi", "mib" -> 20;
          case "g", "gi", "gib" -> 30;
          default -> -1;
        };
    if (digits == 0 || digits > 12 || shift < 0) {
      throw new CommandFailed(ExitCode.USAGE, flag + " must be a size such as 4MiB");
    }
    return Long.parseLong(text.substring(0, digits)) << shift;
  }

  /// Whole seconds from 1 s to 7 days.
  static long seconds(String flag, String text) throws CommandFailed {
    int digits = digits(text);
    long unit =
        switch (text.substring(digits)) {
          case "", "s" -> 1;
          case "m" -> 60;
          case "h" -> 3600;
          case "d" -> 86_400;
          default -> 0;
        };
    long seconds = digits == 0 || digits > 6 ? 0 : Long.parseLong(text.substring(0, digits)) * unit;
    if (seconds < 1 || seconds > 7 * 86_400L) {
      throw new CommandFailed(ExitCode.USAGE, flag + " must be a time from 1s to 7d, such as 90s, 10m or 2h");
    }
    return seconds;
  }

  /// A TCP port; 0 stands for any free one.
  static int port(String flag, String text) throws CommandFailed {
    int digits = digits(text);
    if (digits == 0 || digits != text.length() || digits > 5 || Integer.parseInt(text) > 65_535) {
      throw new CommandFailed(ExitCode.USAGE, flag + " must be a port from 0 to 65535");
    }
    return Integer.parseInt(text);
  }

  private static int digits(String text) {
    int i = 0;
    while (i < text.length() && text.charAt(i) >= '0' && text.charAt(i) <= '9') {
      i++;
    }
    return i;
  }
}
