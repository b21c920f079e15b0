package dev.damselfly.peer.upload;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import dev.damselfly.authz.identity.SpiffeId;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.NullMarked;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.IIZ_Result;

/// Two connections of one identity want the last bytes of its share: each gets them, or is called when they come back
/// (B-12).
@NullMarked
@JCStressTest
@Outcome(id = {"1, 1, true", "1, 2, true", "2, 1, true"}, expect = ACCEPTABLE, desc = "at once, or called; all comes back")
@Outcome(expect = FORBIDDEN, desc = "a connection that waits for ever, or bytes that never come back")
@State
public class SharesStress {
  private static final int CHUNK = Sending.CHUNK;
  private static final SpiffeId ID = SpiffeId.parse("spiffe://td.test/damselfly/peer/c1/alice");
  private static final UploadLimits LIMITS =
      new UploadLimits(2, 2, 1, CHUNK, CHUNK, Duration.ofSeconds(1), Duration.ofSeconds(1), Duration.ofSeconds(1));

  private final Shares shares = new Shares(LIMITS);
  private final Shares.Share first = shares.join(ID).orElseThrow();
  private final Shares.Share second = shares.join(ID).orElseThrow();
  private final AtomicInteger firstCalled = new AtomicInteger();
  private final AtomicInteger secondCalled = new AtomicInteger();

  /// @return 1 when it got the bytes, which it gives back; 0 when it waits
  private static int send(Shares.Share share, AtomicInteger called) {
    if (!share.take(CHUNK, () -> called.addAndGet(2))) {
      return 0;
    }
    share.give(CHUNK);
    return 1;
  }

  @Actor
  public void one(IIZ_Result r) {
    r.r1 = send(first, firstCalled);
  }

  @Actor
  public void other(IIZ_Result r) {
    r.r2 = send(second, secondCalled);
  }

  @Arbiter
  public void later(IIZ_Result r) {
    r.r1 += firstCalled.get();
    r.r2 += secondCalled.get();
    r.r3 = first.take(CHUNK, () -> {});
  }
}
