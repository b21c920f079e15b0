package dev.damselfly.peer.testing;

import dev.damselfly.peer.time.Timer;
import java.time.Duration;

/// Time that does not pass.
public final class NoTime implements Timer {
  @Override
  public Alarm after(Duration delay, Runnable task) {
    return () -> {};
  }

  @Override
  public long nanos() {
    return 0;
  }
}
