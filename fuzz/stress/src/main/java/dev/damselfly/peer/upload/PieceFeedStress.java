package dev.damselfly.peer.upload;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import dev.damselfly.api.wire.dfdaemon.v2.SyncPiecesResponse;
import dev.damselfly.peer.store.FreshTask;
import io.grpc.stub.ServerCallStreamObserver;
import java.util.BitSet;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.NullMarked;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.IIZ_Result;

/// A stream of piece numbers ends while it begins, by its grant and by its caller: over once, and its task may be evicted.
@NullMarked
@JCStressTest
@Outcome(id = {"1, 0, true", "1, 1, true"}, expect = ACCEPTABLE, desc = "cancelled or completed, and the task is free")
@Outcome(expect = FORBIDDEN, desc = "never over or over twice, or a task that can never be evicted")
@State
public class PieceFeedStress {
  private final FreshTask fresh = new FreshTask();
  private final Call call = new Call();
  private final AtomicInteger over = new AtomicInteger();
  private final PieceFeed feed = new PieceFeed(call, new PieceAddress("127.0.0.1", 4001), BitSet.valueOf(new long[] {1}), false);

  public PieceFeedStress() {
    feed.onOver(over::incrementAndGet);
  }

  @Actor
  public void start() {
    feed.start(fresh.task());
  }

  @Actor
  public void end() {
    call.cancelled.run();
    feed.finish();
  }

  @Arbiter
  public void later(IIZ_Result r) {
    r.r1 = over.get();
    r.r2 = call.completed.get();
    r.r3 = fresh.retires();
  }

  private static final class Call extends ServerCallStreamObserver<SyncPiecesResponse> {
    private final AtomicInteger completed = new AtomicInteger();
    private volatile Runnable cancelled = () -> {};

    @Override
    public boolean isCancelled() {
      return false;
    }

    @Override
    public void setOnCancelHandler(Runnable handler) {
      cancelled = handler;
    }

    @Override
    public void setCompression(String compression) {}

    @Override
    public boolean isReady() {
      return true;
    }

    @Override
    public void setOnReadyHandler(Runnable handler) {}

    @Override
    public void disableAutoInboundFlowControl() {}

    @Override
    public void request(int count) {}

    @Override
    public void setMessageCompression(boolean enable) {}

    @Override
    public void onNext(SyncPiecesResponse value) {}

    @Override
    public void onError(Throwable t) {}

    @Override
    public void onCompleted() {
      completed.incrementAndGet();
    }
  }
}
