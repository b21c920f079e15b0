package dev.damselfly.scheduler.parent;

import dev.damselfly.scheduler.task.PeerState;
import dev.damselfly.scheduler.task.PieceCosts;
import dev.damselfly.scheduler.task.Prospect;
import java.util.Comparator;
import java.util.List;

/// Candidate parents of a child: filters 0 to 10 over a sample (the sample itself is filter 1). Pure.
public final class ParentSelection {
  private static final int FEW_COSTS = 2;
  private static final double FACTOR = 20;
  private static final double DEVIATIONS = 3;

  private ParentSelection() {}

  /// A parent that passed every filter.
  public record Choice(String peerId, Score score) {}

  /// Best first, at most `limit`.
  public static List<Choice> select(Prospect.Sample sample, int limit) {
    if (sample.childState() != PeerState.RECEIVED_NORMAL && sample.childState() != PeerState.RUNNING) {
      return List.of(); // 0
    }
    return sample.prospects().stream()
        .filter(p -> !p.blocked() && !p.peerId().equals(sample.childId())) // 2
        .filter(p -> p.host().shared()) // 3
        .filter(p -> !p.host().id().equals(sample.childHost().id())) // 4; 5 holds: the sample is of vertices
        .filter(ParentSelection::hasSomethingToGive) // 6
        .filter(p -> !isBad(p.state(), p.costs())) // 7
        .filter(Prospect::edgePossible) // 8
        .map(p -> new Choice(p.peerId(), Evaluator.score(sample.childHost(), p.host(), p.load(), p.state())))
        .sorted(Comparator.comparingDouble((Choice c) -> c.score().total()).reversed()) // 9, stable
        .limit(limit) // 10
        .toList();
  }

  private static boolean hasSomethingToGive(Prospect p) {
    return p.host().seed()
        || p.inDegree() > 0
        || p.state() == PeerState.BACK_TO_SOURCE
        || p.state() == PeerState.SUCCEEDED;
  }

  /// Not in a state to serve, or its newest piece took far longer than the ones before.
  public static boolean isBad(PeerState state, PieceCosts.Summary costs) {
    if (!state.isAvailable()) {
      return true;
    }
    if (costs.count() < FEW_COSTS) {
      return false;
    }
    return costs.isFull()
        ? costs.last() > costs.mean() + DEVIATIONS * costs.deviation()
        : costs.last() > FACTOR * costs.mean();
  }
}
