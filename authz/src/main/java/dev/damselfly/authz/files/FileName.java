package dev.damselfly.authz.files;

import dev.damselfly.api.error.InvalidValue;

/// One segment of a path: letters, digits, `.`, `_`, `-`, and the first is a letter, a digit or `_`; at most 255 long.
///
/// So it is never `.`, `..`, hidden, an option of a command, or a path.
public record FileName(String text) {
  public static final int MAX = 255;

  public FileName {
    if (text.isEmpty() || text.length() > MAX) {
      throw new InvalidValue("a file name has 1 to 255 characters");
    }
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      boolean word = c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '_';
      if (!word && (i == 0 || c != '.' && c != '-')) {
        throw new InvalidValue("a file name has letters, digits, '.', '_', '-' and starts with none of '.', '-'");
      }
    }
  }

  @Override
  public String toString() {
    return text;
  }
}
