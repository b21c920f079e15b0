package dev.damselfly.scheduler.swarm;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.random.RandomGeneratorFactory;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.Test;

@NullMarked
class PoolTest {
  private static final int DRAWS = 20_000;

  /// Each number puts its absolute value in, or takes it out when negative.
  @Property
  void pool_holdsWhatASetWould(@ForAll @Size(max = 200) List<@IntRange(min = -20, max = 20) Integer> changes) {
    var pool = new Pool<Integer>();
    Set<Integer> model = new HashSet<>();
    for (int change : changes) {
      int member = Math.abs(change);
      pool.set(member, change >= 0);
      var _ = change >= 0 ? model.add(member) : model.remove(member);

      assertThat(pool.size()).isEqualTo(model.size());
      assertThat(pool.all()).containsExactlyInAnyOrderElementsOf(model);
    }
  }

  @Property
  void draw_takesEachOnceAndNoMoreThanAsked(
      @ForAll @IntRange(max = 100) int size, @ForAll @IntRange(min = 1, max = 80) int most, @ForAll long seed) {
    var pool = new Pool<Integer>();
    for (int i = 0; i < size; i++) {
      pool.set(i, true);
    }

    List<Integer> drawn = pool.draw(most, RandomGeneratorFactory.of("L64X128MixRandom").create(seed));

    assertThat(drawn).doesNotHaveDuplicates().hasSize(Math.min(size, most)).allMatch(member -> member < size);
  }

  @Test
  void draw_givesEachTheSameChance() {
    var pool = new Pool<Integer>();
    for (int i = 0; i < 20; i++) {
      pool.set(i, true);
    }
    for (int i = 0; i < 10; i++) {
      pool.set(i, false); // leaves holes, which others fill
    }
    var random = RandomGeneratorFactory.of("L64X128MixRandom").create(1);

    Map<Integer, Integer> counts = new HashMap<>();
    for (int i = 0; i < DRAWS; i++) {
      pool.draw(2, random).forEach(member -> counts.merge(member, 1, Integer::sum));
    }

    assertThat(counts.keySet()).containsExactlyInAnyOrder(10, 11, 12, 13, 14, 15, 16, 17, 18, 19);
    assertThat(counts.values()).allMatch(count -> Math.abs(count - 2 * DRAWS / 10) < DRAWS / 50);
  }
}
