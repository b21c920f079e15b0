package dev.damselfly.conformance.suite;

/// How much a case matters.
public enum Level {
  /// Needed to interoperate.
  MUST_WIRE,
  /// Recommended; reported, never a failure of the run.
  SHOULD,
  /// Needed for the hardened profile.
  SEC_MUST,
  /// Recorded only.
  INFO;

  public String text() {
    return name().replace('_', '-');
  }
}
