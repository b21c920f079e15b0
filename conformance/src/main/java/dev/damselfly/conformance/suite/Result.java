package dev.damselfly.conformance.suite;

import dev.damselfly.conformance.link.Transcript;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/// What one case of a run came to.
///
/// @param expectedReason why a failure was expected; absent when none was
/// @param transcript empty unless the case failed or broke
public record Result(
    Case which, Outcome outcome, Optional<String> expectedReason, Duration took, List<Transcript.Entry> transcript) {
  public Result {
    transcript = List.copyOf(transcript);
  }

  /// Failed and on nobody's list.
  public boolean isSurprise() {
    return outcome instanceof Outcome.Failed
        && expectedReason.isEmpty()
        && which.level() != Level.SHOULD
        && which.level() != Level.INFO;
  }

  /// On the list and passed: the list is wrong.
  public boolean isUnexpectedPass() {
    return outcome instanceof Outcome.Passed && expectedReason.isPresent();
  }
}
