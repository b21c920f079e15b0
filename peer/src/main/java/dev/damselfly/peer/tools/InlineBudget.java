package dev.damselfly.peer.tools;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;

/// How many bytes of content lie in memory on their way to tools, of each user and in all (B-12). Thread-safe.
public final class InlineBudget {
  private final long perUser;
  private final long inAll;

  @GuardedBy("this")
  private final Map<String, Long> held = new HashMap<>();

  @GuardedBy("this")
  private long all;

  /// A part of the budget; close it once.
  interface Share extends AutoCloseable {
    Share NONE = () -> {};

    @Override
    void close();
  }

  /// @param perUser at least one piece passes all the same
  public InlineBudget(long perUser, long inAll) {
    this.perUser = perUser;
    this.inAll = inAll;
  }

  /// Waits for room.
  ///
  /// @throws Told.Gone when there is none for that long
  synchronized Share take(String user, long bytes, Duration patience) throws InterruptedException, Told.Gone {
    long deadline = System.nanoTime() + patience.toNanos();
    while (!fits(user, bytes)) {
      long left = (deadline - System.nanoTime()) / 1_000_000;
      if (left <= 0) {
        throw new Told.Gone();
      }
      wait(left);
    }
    all += bytes;
    held.merge(user, bytes, Long::sum);
    return () -> give(user, bytes);
  }

  @GuardedBy("this")
  private boolean fits(String user, long bytes) {
    long own = held.getOrDefault(user, 0L);
    return (own == 0 || own + bytes <= perUser) && (all == 0 || all + bytes <= inAll);
  }

  private synchronized void give(String user, long bytes) {
    all -= bytes;
    held.computeIfPresent(user, (_, own) -> own <= bytes ? null : own - bytes);
    notifyAll();
  }
}
