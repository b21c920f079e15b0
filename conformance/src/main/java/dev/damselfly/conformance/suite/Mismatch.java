package dev.damselfly.conformance.suite;

/// The program under test broke a rule; ends the case.
public final class Mismatch extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final String rule;
  private final String expected;
  private final String seen;

  public Mismatch(String rule, String expected, String seen) {
    super(rule + ": expected " + expected + ", saw " + seen, null, false, false);
    this.rule = rule;
    this.expected = expected;
    this.seen = seen;
  }

  Outcome.Failed outcome() {
    return new Outcome.Failed(rule, expected, seen);
  }
}
