package dev.damselfly.authz.identity.workload;

import java.util.OptionalLong;

/// Which of many equal refusals in a row are told: the first, the second, the fourth, the eighth and so on. So an
/// identity provider that refuses for a year costs a few dozen records of the audit log, and each says how many there were.
///
/// Owned by one thread.
final class Repeats {
  private String last = "";
  private long times;

  /// Counts a refusal. Another one than the last starts anew.
  ///
  /// @return how many equal ones there were, this one included, when it is to be told
  OptionalLong timesToTell(String refusal) {
    times = refusal.equals(last) ? times + 1 : 1;
    last = refusal;
    return Long.bitCount(times) == 1 ? OptionalLong.of(times) : OptionalLong.empty();
  }

  /// Something else happened: the next refusal is a first one.
  void end() {
    last = "";
    times = 0;
  }
}
