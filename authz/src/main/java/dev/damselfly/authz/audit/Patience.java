package dev.damselfly.authz.audit;

import dev.damselfly.authz.audit.Audit.AuditUnavailable;
import java.time.Duration;
import java.util.concurrent.locks.Condition;

/// The waiting of one call: bounded in time, and not cut short by an interrupt, which is kept for later. A record that
/// is in the queue will be written, so its caller must not leave with the impression that it was not.
final class Patience {
  private static final Duration LONGEST = Duration.ofSeconds(30);

  private long leftNanos = LONGEST.toNanos();
  private boolean interrupted;

  /// One wait; the caller holds the lock and checks its condition in a loop.
  @SuppressWarnings("WaitNotInLoop") // the loop is the caller's
  void await(Condition changed) {
    if (leftNanos <= 0) {
      end();
      throw new AuditUnavailable("the audit log did not take the record in time", null);
    }
    try {
      leftNanos = changed.awaitNanos(leftNanos);
    } catch (InterruptedException e) {
      interrupted = true;
    }
  }

  /// Gives a kept interrupt back to the thread.
  void end() {
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
