package dev.damselfly.peer.origin;

import java.time.Duration;

/// Time as origin access needs it; tests move it by hand.
interface Waits extends AutoCloseable {
  long nanoTime();

  /// Returns after the time.
  void pause(Duration time) throws InterruptedException;

  /// Runs the action after the time unless the result is closed before. The action is short.
  Alarm after(Duration time, Runnable action);

  @Override
  void close();

  /// Something that will happen unless closed.
  interface Alarm extends AutoCloseable {
    @Override
    void close();
  }
}
