package dev.damselfly.api.error;

/// A value breaks its own rule. Thrown by value types, which do not know in which field they stand.
///
/// Carries the rule, never the value, and no stack trace: strangers can trigger it.
public final class InvalidValue extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /// @param rule what a valid value looks like, for example `must be 64 lower-case hex digits`
  public InvalidValue(String rule) {
    super(rule, null, false, false);
  }

  public String rule() {
    return String.valueOf(getMessage());
  }
}
