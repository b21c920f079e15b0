package dev.damselfly.peer.store;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import dev.damselfly.api.error.RequestFailure;
import java.time.Instant;
import java.time.InstantSource;
import org.jspecify.annotations.NullMarked;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.ZZ_Result;

/// A reader comes while the task is evicted: one of them wins, and the other is told.
@NullMarked
@JCStressTest
@Outcome(id = "true, false", expect = ACCEPTABLE, desc = "the reader has it, it stays")
@Outcome(id = "false, true", expect = ACCEPTABLE, desc = "it goes, the reader is told")
@Outcome(expect = FORBIDDEN, desc = "content goes away under a reader, or is neither used nor removed")
@State
public class UsageStress {
  private final Usage usage = new Usage(Instant.EPOCH, InstantSource.fixed(Instant.EPOCH));

  @Actor
  public void reader(ZZ_Result r) {
    try {
      usage.pin();
      r.r1 = true;
    } catch (RequestFailure gone) {
      r.r1 = false;
    }
  }

  @Actor
  public void eviction(ZZ_Result r) {
    r.r2 = usage.retire();
  }
}
