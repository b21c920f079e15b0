package dev.damselfly.manager.member;

import static dev.damselfly.manager.fixture.TestCallers.ADDRESS;
import static dev.damselfly.manager.fixture.TestCallers.peer;
import static dev.damselfly.manager.fixture.TestCallers.scheduler;
import static dev.damselfly.manager.fixture.TestCallers.seed;
import static dev.damselfly.manager.fixture.TestManager.registration;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.damselfly.api.assurance.Threat;
import dev.damselfly.api.error.Reason;
import dev.damselfly.api.error.RequestFailure.Refused;
import dev.damselfly.authz.identity.Caller;
import dev.damselfly.manager.fixture.TestManager;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

@NullMarked
class LiveRowsTest {
  private static final Caller A = scheduler("east", "a");
  private static final Duration INTERVAL = Duration.ofSeconds(5);

  private final TestManager manager = new TestManager();

  @BeforeEach
  void register() {
    manager.schedulers.register(A, manager.east.id(), registration("scheduler-a", ADDRESS));
  }

  @AfterEach
  void close() {
    manager.close();
  }

  private LiveRows.Session begin() {
    return manager.live.begin(A.id(), manager.place("scheduler-a", ADDRESS));
  }

  private List<Boolean> states() {
    return manager.schedulers.all(peer("east", "n"), manager.east.id()).stream()
        .map(found -> found.scheduler().active())
        .toList();
  }

  @Test
  void row_isActiveExactlyWhileItsStreamLives() {
    var stream = begin();
    var during = states();

    stream.end();

    assertThat(during).containsExactly(true);
    assertThat(states()).containsExactly(false);
  }

  @Test
  void streamThatEndsLate_doesNotEndItsSuccessor() {
    var older = begin();
    var newer = begin();

    older.end();

    assertThat(states()).containsExactly(true);
    assertThatThrownBy(older::beat)
        .isInstanceOfSatisfying(Refused.class, e -> assertThat(e.reason()).isEqualTo(Reason.WRONG_STATE));
    newer.beat();
    assertThat(states()).containsExactly(true);
  }

  @Test
  @Threat({"S-MGR-12"})
  void begin_refusesAnotherIdentity() {
    var other = scheduler("east", "b");

    assertThatThrownBy(() -> manager.live.begin(other.id(), manager.place("scheduler-a", ADDRESS)))
        .isInstanceOfSatisfying(Refused.class, e -> assertThat(e.reason()).isEqualTo(Reason.SCHEDULER_UNKNOWN));
    assertThat(states()).containsExactly(false);
  }

  @Test
  void begin_refusesAnAddressThatIsNotRegistered() {
    assertThatThrownBy(() -> manager.live.begin(A.id(), manager.place("scheduler-a", "10.1.0.99")))
        .isInstanceOfSatisfying(Refused.class, e -> assertThat(e.reason()).isEqualTo(Reason.SCHEDULER_UNKNOWN));
  }

  @Test
  void begin_withoutAddressTakesTheRowRegisteredLast() {
    manager.schedulers.register(A, manager.east.id(), registration("scheduler-a", "10.2.0.1"));
    var place = new Place(manager.east.id().value(), manager.place("scheduler-a", ADDRESS).host(), Optional.empty());

    manager.live.begin(A.id(), place);

    assertThat(states()).containsExactly(false, true);
  }

  @Test
  void sweep_endsSilentRowsAfterThreeIntervals() {
    var stream = begin();
    manager.clock.advance(INTERVAL.multipliedBy(3));
    manager.live.sweep();
    var atThree = states();

    manager.clock.advance(Duration.ofMillis(1));
    manager.live.sweep();

    assertThat(atThree).containsExactly(true);
    assertThat(states()).containsExactly(false);
    stream.beat();
    assertThat(states()).containsExactly(true);
  }

  @Test
  void sweep_keepsRowsThatAreHeard() {
    var stream = begin();
    for (int i = 0; i < 20; i++) {
      manager.clock.advance(INTERVAL);
      stream.beat();
      manager.live.sweep();
    }

    assertThat(states()).containsExactly(true);
  }

  @Test
  void sweep_deletesRowsThatWereInactiveForLong() {
    manager.clock.advance(LiveRows.KEPT_INACTIVE);
    manager.live.sweep();
    var atTheLimit = states();

    manager.clock.advance(Duration.ofMillis(1));
    manager.live.sweep();

    assertThat(atTheLimit).hasSize(1);
    assertThat(states()).isEmpty();
    var heir = scheduler("east", "b");
    assertThat(manager.schedulers.register(heir, manager.east.id(), registration("scheduler-a", ADDRESS)).active())
        .isFalse();
  }

  @Test
  void reset_leavesNobodyActive() {
    var stream = begin();

    manager.live.reset();

    assertThat(states()).containsExactly(false);
    assertThatThrownBy(stream::beat).isInstanceOf(Refused.class);
  }

  @Test
  void seedRows_liveByTheSameRules() {
    var seed = seed("east", "seed-a");
    manager.seeds.register(seed, manager.east.seeds(), TestManager.seed("seed-a", ADDRESS));
    manager.clock.advance(Duration.ofSeconds(16));
    manager.liveSeeds.sweep();
    var silent = manager.seeds.list(A);

    var place =
        new Place(manager.east.seeds().value(), TestManager.seed("seed-a", ADDRESS).host(), Optional.empty());
    var stream = manager.liveSeeds.begin(seed.id(), place);
    var heard = manager.seeds.list(A);
    stream.end();

    assertThat(silent).isEmpty();
    assertThat(heard).hasSize(1);
    assertThat(manager.seeds.list(A)).isEmpty();
  }
}
