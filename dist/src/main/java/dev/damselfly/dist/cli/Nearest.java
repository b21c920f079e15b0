package dev.damselfly.dist.cli;

import java.util.Arrays;
import java.util.Collection;
import java.util.Optional;

/// "Did you mean": the known word that differs least.
final class Nearest {
  private static final int MAX_DISTANCE = 3;
  private static final int MAX_LENGTH = 64;

  private Nearest() {}

  /// The nearest word within three edits, none for longer words than 64 characters.
  static Optional<String> to(String word, Collection<String> known) {
    if (word.length() > MAX_LENGTH) {
      return Optional.empty();
    }
    Optional<String> best = Optional.empty();
    int bestDistance = MAX_DISTANCE + 1;
    for (String candidate : known) {
      int distance = distance(word, candidate);
      if (distance < bestDistance) {
        best = Optional.of(candidate);
        bestDistance = distance;
      }
    }
    return best;
  }

  private static int distance(String a, String b) {
    int[] row = new int[b.length() + 1];
    Arrays.setAll(row, i -> i);
    for (int i = 1; i <= a.length(); i++) {
      int diagonal = row[0];
      row[0] = i;
      for (int j = 1; j <= b.length(); j++) {
        int substitute = diagonal + (a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1);
        diagonal = row[j];
        row[j] = Math.min(substitute, 1 + Math.min(row[j - 1], row[j]));
      }
    }
    return row[b.length()];
  }
}
