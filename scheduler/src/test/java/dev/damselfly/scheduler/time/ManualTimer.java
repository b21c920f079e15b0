package dev.damselfly.scheduler.time;

import java.time.Duration;
import java.time.Instant;
import java.util.Comparator;
import java.util.PriorityQueue;
import org.jspecify.annotations.NullMarked;

/// A timer that moves only when it is told to; due tasks run on the thread that moves it, in order of their time.
@NullMarked
public final class ManualTimer implements Timer {
  private final PriorityQueue<Entry> waiting =
      new PriorityQueue<>(Comparator.comparing(Entry::at).thenComparingLong(Entry::order));
  private Instant now = Instant.parse("2026-11-25T00:00:00Z");
  private long order;

  private record Entry(Instant at, long order, Runnable task) {}

  @Override
  public synchronized Instant instant() {
    return now;
  }

  @Override
  public synchronized Alarm after(Duration delay, Runnable task) {
    var entry = new Entry(now.plus(delay), order++, task);
    waiting.add(entry);
    return () -> cancel(entry);
  }

  private synchronized void cancel(Entry entry) {
    waiting.remove(entry);
  }

  public void advance(Duration by) {
    Instant end = instant().plus(by);
    while (true) {
      Runnable due;
      synchronized (this) {
        Entry next = waiting.peek();
        if (next == null || next.at().isAfter(end)) {
          now = end;
          return;
        }
        waiting.remove();
        now = next.at();
        due = next.task();
      }
      due.run();
    }
  }

  public synchronized int waiting() {
    return waiting.size();
  }
}
