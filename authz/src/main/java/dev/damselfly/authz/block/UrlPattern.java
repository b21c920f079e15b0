package dev.damselfly.authz.block;

import com.google.re2j.Pattern;
import dev.damselfly.api.error.InvalidValue;
import dev.damselfly.authz.limits.PatternSize;
import java.util.List;

/// A regular expression about URLs that runs in linear time (RE2). Matches anywhere unless anchored. Immutable.
public final class UrlPattern {
  /// Longest accepted text (B-35).
  public static final int MAX = 1024;

  private final Pattern pattern;

  private UrlPattern(Pattern pattern) {
    this.pattern = pattern;
  }

  /// @throws InvalidValue for whatever the engine does not take: nothing is left to fail when a URL is asked for
  public static UrlPattern parse(String text) {
    if (text.isEmpty() || text.length() > MAX) {
      throw new InvalidValue("a regular expression has 1 to 1024 characters");
    }
    return new UrlPattern(PatternSize.compile(text));
  }

  /// One of the texts of a URL has it in it.
  boolean matches(List<String> spellings) {
    return spellings.stream().anyMatch(text -> pattern.matcher(text).find());
  }

  /// Instructions of the compiled expression: a match takes at most so many steps for each character.
  int size() {
    return pattern.programSize();
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof UrlPattern that && pattern.pattern().equals(that.pattern.pattern());
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
