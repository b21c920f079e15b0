package dev.damselfly.conformance.suite;

/// What a case found out.
public sealed interface Outcome {
  record Passed() implements Outcome {}

  /// The program under test did something else than the clause says.
  ///
  /// @param rule what was checked
  record Failed(String rule, String expected, String seen) implements Outcome {}

  /// The target file does not claim what the case needs.
  record Unsupported(String need) implements Outcome {}

  /// The case could not be judged: the program did not start, or the suite itself broke.
  record Broken(String text) implements Outcome {}

  /// As reports spell it.
  default String text() {
    return switch (this) {
      case Passed _ -> "passed";
      case Failed _ -> "failed";
      case Unsupported _ -> "unsupported";
      case Broken _ -> "error";
    };
  }
}
