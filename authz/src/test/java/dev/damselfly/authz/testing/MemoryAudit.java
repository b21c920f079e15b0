package dev.damselfly.authz.testing;

import dev.damselfly.authz.audit.Audit;
import dev.damselfly.authz.audit.AuditAction;
import dev.damselfly.authz.audit.AuditEvent;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Predicate;

/// Keeps audit events in memory; can refuse them. Thread-safe.
public final class MemoryAudit implements Audit {
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition added = lock.newCondition();
  private final List<AuditEvent> events = new ArrayList<>();
  private boolean failing;

  @Override
  public void record(AuditEvent event) {
    lock.lock();
    try {
      if (failing) {
        throw new AuditUnavailable("told to fail", new IllegalStateException());
      }
      events.add(event);
      added.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /// From now on, refuse events or take them again.
  public void willFail(boolean fail) {
    lock.lock();
    try {
      failing = fail;
    } finally {
      lock.unlock();
    }
  }

  public List<AuditEvent> events() {
    lock.lock();
    try {
      return List.copyOf(events);
    } finally {
      lock.unlock();
    }
  }

  public List<AuditEvent> of(AuditAction action) {
    return events().stream().filter(event -> event.action() == action).toList();
  }

  /// Waits until an event matches and returns it.
  ///
  /// @throws AssertionError after 30 s
  public AuditEvent await(Predicate<AuditEvent> wanted) throws InterruptedException {
    return await(0, wanted);
  }

  /// The same for events after the first `mark` ones.
  public AuditEvent await(int mark, Predicate<AuditEvent> wanted) throws InterruptedException {
    long deadline = System.nanoTime() + Duration.ofSeconds(30).toNanos();
    lock.lock();
    try {
      while (true) {
        for (AuditEvent event : events.subList(Math.min(mark, events.size()), events.size())) {
          if (wanted.test(event)) {
            return event;
          }
        }
        long left = deadline - System.nanoTime();
        if (left <= 0) {
          throw new AssertionError("no such audit event among " + events);
        }
        added.await(left, TimeUnit.NANOSECONDS);
      }
    } finally {
      lock.unlock();
    }
  }
}
