package dev.damselfly.authz.guard;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import dev.damselfly.api.error.RequestFailure;
import dev.damselfly.authz.identity.Caller;
import dev.damselfly.authz.identity.Role;
import dev.damselfly.authz.identity.SpiffeId;
import dev.damselfly.authz.limits.Bound;
import dev.damselfly.authz.limits.Limits;
import dev.damselfly.authz.limits.Part;
import java.net.InetSocketAddress;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongSupplier;
import org.jspecify.annotations.NullMarked;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.I_Result;
import org.openjdk.jcstress.infra.results.ZZ_Result;

/// Places for calls: never more than there are, and each comes back once (B-15, S-SCH-12).
@NullMarked
public class CallLimitsStress {
  private static final long SECOND = TimeUnit.SECONDS.toNanos(1);
  private static final Caller ALICE = caller("alice");
  private static final Caller BOB = caller("bob");

  private CallLimitsStress() {}

  private static Caller caller(String name) {
    return new Caller(
        SpiffeId.parse("spiffe://td.test/damselfly/peer/c1/" + name),
        Role.PEER,
        Optional.of("c1"),
        name,
        Instant.MAX,
        new InetSocketAddress("127.0.0.1", 4000));
  }

  private static CallLimits limits(long calls, long perIdentity, long identities, LongSupplier clock) {
    var chosen =
        Map.of(
            Bound.CALLS.key(), calls, Bound.STREAMS_PER_IDENTITY.key(), perIdentity, Bound.IDENTITIES.key(), identities);
    return new CallLimits(Limits.configured(Part.SCHEDULER, chosen), clock);
  }

  private static boolean enters(CallLimits limits, Caller caller) {
    try {
      limits.enter(caller);
      return true;
    } catch (RequestFailure refused) {
      return false;
    }
  }

  /// Two callers, one place in all.
  @JCStressTest
  @Outcome(id = {"true, false", "false, true"}, expect = ACCEPTABLE, desc = "one of them got it")
  @Outcome(expect = FORBIDDEN, desc = "both or neither")
  @State
  public static class LastPlace {
    private final CallLimits limits = limits(1, 1, 10, () -> 0);

    @Actor
    public void alice(ZZ_Result r) {
      r.r1 = enters(limits, ALICE);
    }

    @Actor
    public void bob(ZZ_Result r) {
      r.r2 = enters(limits, BOB);
    }
  }

  /// The end of a call is told twice at once, by a cancel and a close.
  @JCStressTest
  @Outcome(id = "1", expect = ACCEPTABLE, desc = "its place came back once")
  @Outcome(expect = FORBIDDEN, desc = "no place came back, or more than one")
  @State
  public static class LeftTwice {
    private final CallLimits limits = limits(2, 2, 10, () -> 0);
    private final CallLimits.Slot slot = limits.enter(ALICE);

    public LeftTwice() {
      limits.enter(ALICE);
    }

    @Actor
    public void cancel() {
      slot.leave();
    }

    @Actor
    public void close() {
      slot.leave();
    }

    @Arbiter
    public void places(I_Result r) {
      while (enters(limits, ALICE)) {
        r.r1++;
      }
    }
  }

  /// There is room for the limiter of one identity, and another identity comes and goes while the first enters twice:
  /// nobody gets a second limiter beside the first.
  @JCStressTest
  @Outcome(id = {"true, false", "false, true"}, expect = ACCEPTABLE, desc = "one call of the first identity")
  @Outcome(expect = FORBIDDEN, desc = "an identity has more calls than it may, or none")
  @State
  public static class Forgotten {
    private final AtomicLong clock = new AtomicLong();
    private final CallLimits limits = limits(10, 1, 1, () -> clock.addAndGet(SECOND)); // each bucket is full again at once

    @Actor
    public void alice(ZZ_Result r) {
      r.r1 = enters(limits, ALICE);
    }

    @Actor
    public void others(ZZ_Result r) {
      try {
        limits.enter(BOB).leave();
      } catch (RequestFailure refused) {
        // alice is at work
      }
      r.r2 = enters(limits, ALICE);
    }
  }
}
