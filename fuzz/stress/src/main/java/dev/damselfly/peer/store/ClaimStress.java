package dev.damselfly.peer.store;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import dev.damselfly.api.id.PieceNumber;
import java.util.concurrent.atomic.AtomicReferenceArray;
import org.jspecify.annotations.NullMarked;
import org.jspecify.annotations.Nullable;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.IIII_Result;

/// A piece has one writer at a time, and its room comes back with it.
@NullMarked
public class ClaimStress {
  private static final PieceNumber FIRST = new PieceNumber(0);

  private ClaimStress() {}

  /// Claims of one piece, and what they hold.
  static class Pieces {
    final FreshTask fresh = new FreshTask();
    private final AtomicReferenceArray<@Nullable IncomingPiece> mine = new AtomicReferenceArray<>(2);

    int claim(int who) {
      if (fresh.task().claim(FIRST) instanceof Claim.Mine(var piece)) {
        mine.set(who, piece);
        return 1;
      }
      return 0;
    }

    void close(int who) {
      IncomingPiece piece = mine.get(who);
      if (piece != null) {
        piece.close();
      }
    }

    void settle(IIII_Result r) {
      close(0);
      close(1);
      r.r3 = Math.toIntExact(fresh.reserved());
      r.r4 = fresh.retires() ? 1 : 0;
    }
  }

  /// Two want it.
  @JCStressTest
  @Outcome(id = {"1, 0, 0, 1", "0, 1, 0, 1"}, expect = ACCEPTABLE, desc = "one of them, and nothing is left of it")
  @Outcome(expect = FORBIDDEN, desc = "two writers of one place, none, or room or a use that is never given back")
  @State
  public static class Two extends Pieces {
    @Actor
    public void first(IIII_Result r) {
      r.r1 = claim(0);
    }

    @Actor
    public void second(IIII_Result r) {
      r.r2 = claim(1);
    }

    @Arbiter
    public void later(IIII_Result r) {
      settle(r);
    }
  }

  /// One gives it up, another wants it.
  @JCStressTest
  @Outcome(id = {"1, 1, 0, 1", "1, 0, 0, 1"}, expect = ACCEPTABLE, desc = "before or after, and nothing is left of it")
  @Outcome(expect = FORBIDDEN, desc = "room or a use that is never given back")
  @State
  public static class Handover extends Pieces {
    private final int had = claim(0);

    @Actor
    public void first(IIII_Result r) {
      r.r1 = had;
      close(0);
    }

    @Actor
    public void second(IIII_Result r) {
      r.r2 = claim(1);
    }

    @Arbiter
    public void later(IIII_Result r) {
      settle(r);
    }
  }
}
