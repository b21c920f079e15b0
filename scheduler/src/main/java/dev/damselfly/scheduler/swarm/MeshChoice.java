package dev.damselfly.scheduler.swarm;

import dev.damselfly.scheduler.parent.Score;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.random.RandomGenerator;

/// Which of the possible parents a member gets: mostly the best, some at random so that no host can gather all
/// children by looking good (S-SCH-7, F-45). Pure.
final class MeshChoice {
  private static final Comparator<Option> BEST_FIRST =
      Comparator.comparingDouble((Option o) -> o.score().total()).reversed().thenComparingLong(Option::children);

  private MeshChoice() {}

  /// A possible parent.
  ///
  /// @param children links that its host serves now
  record Option(String peerId, Score score, long children) {}

  record Pick(String peerId, boolean random, String reason) {}

  /// @param room picks at most
  /// @param draws of these, drawn at random when there are more options than room
  static List<Pick> choose(List<Option> options, int room, int draws, RandomGenerator random) {
    var left = new ArrayList<Option>(options);
    Collections.shuffle(left, random); // equal scores: no order of arrival
    left.sort(BEST_FIRST);
    var picks = new ArrayList<Pick>();
    while (!left.isEmpty() && picks.size() < Math.max(0, room - draws)) {
      picks.add(scored(left.removeFirst()));
    }
    while (!left.isEmpty() && picks.size() < room) {
      picks.add(drawn(left.remove(random.nextInt(left.size()))));
    }
    return picks;
  }

  static Pick drawn(Option option) {
    return new Pick(option.peerId(), true, "drawn at random, " + option.score());
  }

  static Pick scored(Option option) {
    return new Pick(option.peerId(), false, option.score().toString());
  }
}
