package dev.damselfly.authz.limits;

import com.google.re2j.Pattern;
import com.google.re2j.PatternSyntaxException;
import dev.damselfly.api.error.InvalidValue;

/// What a regular expression of RE2 may grow to when it is compiled (B-35). Counted repetitions are written out by the
/// engine, and nested ones multiply: 30 characters can ask for more memory than there is. Pure.
public final class PatternSize {
  /// Largest product of characters and repetitions.
  public static final int MAX = 10_000;

  private PatternSize() {}

  /// Compiles within the bound; matching takes linear time.
  ///
  /// @throws InvalidValue for whatever is too large or the engine does not take
  public static Pattern compile(String text) {
    require(text);
    try {
      return Pattern.compile(text);
    } catch (PatternSyntaxException | IllegalArgumentException | IndexOutOfBoundsException e) {
      throw new InvalidValue("must be a regular expression of RE2");
    }
  }

  /// Looks at the text before the engine does. The estimate is never below the true size: each count adds to it, and one
  /// that stands behind a group multiplies it. A brace that is none of a repetition counts all the same.
  ///
  /// @throws InvalidValue for more than 10000
  public static void require(String pattern) {
    long single = pattern.length();
    long groups = 1;
    for (int at = pattern.indexOf('{'); at >= 0; at = pattern.indexOf('{', at + 1)) {
      long count = count(pattern, at + 1);
      if (isBehindGroup(pattern, at)) {
        groups *= Math.max(1, count);
      } else {
        single += count;
      }
      if (groups > MAX || groups * single > MAX) {
        throw new InvalidValue("must not repeat more than 10000 characters, nested repetitions multiplied");
      }
    }
  }

  /// An empty quotation may stand between a group and its count.
  private static boolean isBehindGroup(String pattern, int brace) {
    return brace > 0 && pattern.charAt(brace - 1) == ')'
        || brace > 1 && pattern.charAt(brace - 1) == 'E' && pattern.charAt(brace - 2) == '\\';
  }

  /// The larger of the numbers up to the closing brace, and one more for an open end.
  private static long count(String pattern, int from) {
    long most = 0;
    long number = 0;
    int i = from;
    for (; i < pattern.length() && (isDigit(pattern.charAt(i)) || pattern.charAt(i) == ','); i++) {
      number = pattern.charAt(i) == ',' ? 0 : Math.min(number * 10 + (pattern.charAt(i) - '0'), MAX);
      most = Math.max(most, number);
    }
    return i > from && pattern.charAt(i - 1) == ',' ? most + 1 : most;
  }

  private static boolean isDigit(char c) {
    return c >= '0' && c <= '9';
  }
}
