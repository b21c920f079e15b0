package dev.damselfly.scheduler.swarm;

import static org.assertj.core.api.Assertions.assertThat;

import dev.damselfly.api.assurance.Threat;
import dev.damselfly.scheduler.parent.Score;
import java.util.HashSet;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.Test;

@NullMarked
class MeshChoiceTest {
  private static MeshChoice.Option option(int i, double load, long children) {
    return new MeshChoice.Option("p" + i, new Score(load, 0, 0, 0), children);
  }

  private static List<MeshChoice.Option> options(int count) {
    return IntStream.range(0, count).mapToObj(i -> option(i, i / 100.0, 0)).toList();
  }

  @Test
  void picks_areTheBestAndSomeDrawn() {
    var picks = MeshChoice.choose(options(50), 8, 2, new SplittableRandom(1));

    assertThat(picks).hasSize(8);
    assertThat(picks.subList(0, 6)).extracting(MeshChoice.Pick::peerId)
        .containsExactly("p49", "p48", "p47", "p46", "p45", "p44");
    assertThat(picks.subList(0, 6)).noneMatch(MeshChoice.Pick::random);
    assertThat(picks.subList(6, 8)).allMatch(MeshChoice.Pick::random);
  }

  @Test
  void amongEqualScores_theOneWithFewerChildrenIsTaken() {
    var picks =
        MeshChoice.choose(List.of(option(1, 0.5, 9), option(2, 0.5, 1), option(3, 0.5, 5)), 1, 0, new SplittableRandom(3));

    assertThat(picks).extracting(MeshChoice.Pick::peerId).containsExactly("p2");
  }

  /// A host that looks best gets the scored places and no more than its chance of the drawn ones.
  @Test
  @Threat("S-SCH-7")
  void drawnPlaces_goToEveryoneInTime() {
    var random = new SplittableRandom(5);
    var seen = new HashSet<String>();

    for (int i = 0; i < 2000; i++) {
      MeshChoice.choose(options(30), 8, 2, random).stream().filter(MeshChoice.Pick::random).forEach(p -> seen.add(p.peerId()));
    }

    assertThat(seen).hasSize(24); // all but the six best, which have scored places
  }

  @Property(tries = 300)
  void picks_areDistinctOptionsWithinTheRoom(
      @ForAll @IntRange(max = 40) int count,
      @ForAll @IntRange(max = 12) int room,
      @ForAll @IntRange(max = 12) int draws,
      @ForAll long seed) {
    var picks = MeshChoice.choose(options(count), room, draws, new SplittableRandom(seed));

    assertThat(picks).hasSize(Math.min(count, room));
    assertThat(picks).extracting(MeshChoice.Pick::peerId).doesNotHaveDuplicates();
    assertThat(picks.stream().filter(MeshChoice.Pick::random).count()).isLessThanOrEqualTo(draws);
    assertThat(picks.stream().filter(p -> !p.random()).count()).isEqualTo(Math.min(count, Math.max(0, room - draws)));
  }
}
