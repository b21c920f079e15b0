package dev.damselfly.manager.document;

import com.google.re2j.Pattern;
import dev.damselfly.api.error.InvalidValue;
import dev.damselfly.authz.limits.PatternSize;

/// A regular expression that runs in linear time (RE2). Matches anywhere unless anchored.
public final class TextPattern {
  /// Longest accepted text (B-35).
  public static final int MAX = 1024;

  private final Pattern pattern;

  private TextPattern(Pattern pattern) {
    this.pattern = pattern;
  }

  public static TextPattern parse(String text) {
    if (text.isEmpty() || text.length() > MAX) {
      throw new InvalidValue("a regular expression has 1 to 1024 characters");
    }
    return new TextPattern(PatternSize.compile(text));
  }

  public boolean matches(String text) {
    return pattern.matcher(text).find();
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof TextPattern that && pattern.pattern().equals(that.pattern.pattern());
  }

  @Override
  public int hashCode() {
    return pattern.pattern().hashCode();
  }

  @Override
  public String toString() {
    return pattern.pattern();
  }
}
