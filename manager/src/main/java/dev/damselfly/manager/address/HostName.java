package dev.damselfly.manager.address;

import dev.damselfly.api.error.InvalidValue;
import java.util.Locale;

/// A host name: labels of 1 to 63 letters, digits and inner hyphens, at most 253 characters, one trailing dot
/// tolerated.
public record HostName(String value) {
  public static final int MAX = 253;
  private static final int MAX_LABEL = 63;

  public HostName {
    if (value.isEmpty() || value.length() > MAX) {
      throw new InvalidValue("must have 1 to 253 characters");
    }
    String labels = value.endsWith(".") ? value.substring(0, value.length() - 1) : value;
    for (String label : labels.split("\\.", -1)) {
      requireLabel(label);
    }
  }

  private static void requireLabel(String label) {
    if (label.isEmpty() || label.length() > MAX_LABEL || label.startsWith("-") || label.endsWith("-")) {
      throw new InvalidValue("labels have 1 to 63 characters and no hyphen at either end");
    }
    for (int i = 0; i < label.length(); i++) {
      char c = label.charAt(i);
      if (!(c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '-')) {
        throw new InvalidValue("labels have only letters, digits and hyphens");
      }
    }
  }

  /// The same for all spellings of one host: DNS ignores case and the trailing dot, so ownership must too.
  public String key() {
    String lower = value.toLowerCase(Locale.ROOT);
    return lower.endsWith(".") ? lower.substring(0, lower.length() - 1) : lower;
  }

  @Override
  public String toString() {
    return value;
  }
}
