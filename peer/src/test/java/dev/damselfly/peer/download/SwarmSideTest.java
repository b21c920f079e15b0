package dev.damselfly.peer.download;

import static org.assertj.core.api.Assertions.assertThat;

import dev.damselfly.api.id.ByteRange;
import dev.damselfly.api.id.PieceNumber;
import dev.damselfly.api.id.Sha256;
import dev.damselfly.api.id.TaskId;
import dev.damselfly.api.wire.common.v2.Download;
import dev.damselfly.api.wire.damselfly.v1.LeaseReturned;
import dev.damselfly.api.wire.damselfly.v1.Left;
import dev.damselfly.api.wire.damselfly.v1.ParentLost;
import dev.damselfly.peer.content.ContentFacts;
import dev.damselfly.peer.content.PieceRecord;
import dev.damselfly.peer.content.PieceSource;
import dev.damselfly.peer.swarm.Membership;
import dev.damselfly.peer.swarm.Registration;
import dev.damselfly.peer.swarm.SwarmListener;
import dev.damselfly.peer.swarm.Swarms;
import dev.damselfly.peer.time.Timer;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.Test;

/// When a session joins its swarm again, and what it registers for when nobody waits any more.
@NullMarked
class SwarmSideTest {
  private static final Registration SERVES =
      new Registration(
          new TaskId("ab".repeat(32)), Download.getDefaultInstance(), Optional.empty(), false, false, List.of(), true);

  private final HandTimer timer = new HandTimer();
  private final SwarmSide side = new SwarmSide(new OneScheduler(), timer, event -> {});

  /// Moved by hand; what was set is only remembered.
  private static final class HandTimer implements Timer {
    private final List<Duration> delays = new ArrayList<>();
    private long now;

    @Override
    public Alarm after(Duration delay, Runnable task) {
      delays.add(delay);
      return () -> {};
    }

    @Override
    public long nanos() {
      return now;
    }
  }

  private static final class OneScheduler implements Swarms {
    @Override
    public Optional<Membership> join(Registration registration, SwarmListener listener) {
      return Optional.of(new Silent());
    }

    @Override
    public void refresh() {}

    @Override
    public Subscription onFound(Runnable listener) {
      return () -> {};
    }

    @Override
    public boolean reachable(TaskId task) {
      return true;
    }
  }

  private static final class Silent implements Membership {
    @Override
    public String peerId() {
      return "p";
    }

    @Override
    public void content(ContentFacts facts) {}

    @Override
    public void held(List<PieceRecord> pieces) {}

    @Override
    public void wantLease(int pieces) {}

    @Override
    public void wantLease(int pieces, int first, int end) {}

    @Override
    public void returnLease(long leaseId, List<PieceNumber> numbers, LeaseReturned.Reason reason) {}

    @Override
    public void parentLost(String peerId, ParentLost.Reason reason) {}

    @Override
    public void mismatch(String peerId, PieceNumber number, Sha256 actual) {}

    @Override
    public void left(Left.Outcome outcome) {}

    @Override
    public void close() {}
  }

  private void memberFor(Duration time, boolean answered) {
    side.join(SERVES);
    side.registered();
    timer.now += time.toNanos();
    side.lost(answered);
  }

  @Test
  void registrationThatEndsAtOnce_isTriedAgainLaterAndLater_andNotSoonerBecauseSchedulersAreFound() {
    for (int i = 0; i < 8; i++) {
      memberFor(Duration.ofMillis(3), true);

      assertThat(side.mayHurry()).isFalse();
    }

    assertThat(timer.delays).startsWith(Duration.ofMillis(100), Duration.ofMillis(200)).endsWith(Duration.ofSeconds(5));
  }

  @Test
  void membershipThatLasted_isJoinedAgainAtOnce() {
    memberFor(Duration.ofMillis(3), true);
    memberFor(Duration.ofMillis(3), true);

    memberFor(Duration.ofMinutes(1), false);

    assertThat(side.mayHurry()).isTrue();
    assertThat(timer.delays).containsExactly(Duration.ofMillis(100), Duration.ofMillis(200), Duration.ofMillis(100));
  }

  @Test
  void schedulerThatDidNotAnswer_isReplacedAsSoonAsAnotherIsFound() {
    side.join(SERVES);
    side.lost(false);

    assertThat(side.mayHurry()).isTrue();
  }

  @Test
  void whatOnlyServes_speaksForTheContentIfItReadFromTheOrigin() {
    PieceRecord own = piece(new PieceSource.Origin(7));
    PieceRecord theirs = piece(new PieceSource.Parent("p", "spiffe://td.test/x", "", ""));

    assertThat(Wants.NOTHING.mayAttest(List.of(theirs, own))).isTrue();
    assertThat(Wants.NOTHING.mayAttest(List.of(theirs))).isFalse();
    assertThat(new Wants(true, Optional.empty(), false).mayAttest(List.of(own))).isFalse();
    assertThat(new Wants(true, Optional.empty(), true).mayAttest(List.of())).isTrue();
  }

  private static PieceRecord piece(PieceSource source) {
    return new PieceRecord(
        new PieceNumber(0), new ByteRange(0, 1), Sha256.of(new byte[32]), "", source, "", Instant.EPOCH);
  }
}
