package dev.damselfly.dist.lazy;

import com.google.errorprone.annotations.concurrent.GuardedBy;

/// Lets work that nobody waits for begin only while nobody waits. Thread-safe.
final class Gate {
  private static final long LOOK_AGAIN_MILLIS = 1_000;

  @GuardedBy("this")
  private int waiting;

  @GuardedBy("this")
  private boolean open;

  /// Somebody waits.
  synchronized void enter() {
    waiting++;
  }

  synchronized void leave() {
    waiting--;
    notifyAll();
  }

  /// Nobody is held up any more.
  synchronized void open() {
    open = true;
    notifyAll();
  }

  /// Returns while nobody waits.
  synchronized void awaitFree() throws InterruptedException {
    while (waiting > 0 && !open) {
      wait(LOOK_AGAIN_MILLIS);
    }
  }

  /// Returns while nobody waits, or after a while: readers that never stop must not starve what they will need.
  synchronized void passWhenFree() throws InterruptedException {
    long deadline = System.nanoTime() + LOOK_AGAIN_MILLIS * 1_000_000;
    while (waiting > 0 && !open && System.nanoTime() < deadline) {
      wait(LOOK_AGAIN_MILLIS);
    }
  }
}
