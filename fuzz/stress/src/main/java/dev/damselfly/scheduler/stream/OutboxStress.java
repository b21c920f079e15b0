package dev.damselfly.scheduler.stream;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import dev.damselfly.api.error.Reason;
import dev.damselfly.api.error.RequestFailure;
import dev.damselfly.api.error.RequestFailure.Refused;
import org.jspecify.annotations.NullMarked;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.III_Result;

/// Two threads write to one stream, and both end it: what was queued first is written, each once, then one end.
@NullMarked
@JCStressTest
@Outcome(id = {"2, 1, 0", "1, 1, 0"}, expect = ACCEPTABLE, desc = "what came before the end, then one end")
@Outcome(expect = FORBIDDEN, desc = "a message or the end is lost or written twice, or two threads wrote at once")
@State
public class OutboxStress {
  private final Counted sink = new Counted();
  private final Outbox<String> outbox = new Outbox<>(sink, 8);

  /// Plain fields: one thread at a time is the promise.
  private static final class Counted implements Sink<String> {
    private int written;
    private int ends;
    private int mistakes;
    private boolean busy;

    @Override
    public boolean isReady() {
      return true;
    }

    @Override
    public void next(String message) {
      enter();
      written++;
      busy = false;
    }

    @Override
    public void complete() {
      enter();
      ends++;
      busy = false;
    }

    @Override
    public void fail(RequestFailure failure) {
      complete();
    }

    private void enter() {
      mistakes += busy || ends > 0 ? 1 : 0;
      busy = true;
    }
  }

  @Actor
  public void first() {
    outbox.put(() -> "a");
    outbox.complete();
    outbox.drain();
  }

  @Actor
  public void second() {
    outbox.put(() -> "b");
    outbox.fail(new Refused(Reason.CANCELLED, "stress"));
    outbox.drain();
  }

  @Arbiter
  public void later(III_Result r) {
    r.r1 = sink.written;
    r.r2 = sink.ends;
    r.r3 = sink.mistakes;
  }
}
