package dev.damselfly.dist.daemon;

import java.util.concurrent.CountDownLatch;

/// Keeps a command running until the process is told to end, and lets it close its things before it does.
final class Foreground {
  private final CountDownLatch stop = new CountDownLatch(1);
  private final CountDownLatch closed = new CountDownLatch(1);

  /// Also called by the local API's stop request.
  void stop() {
    stop.countDown();
  }

  /// Returns the exit code once SIGTERM, SIGINT or [#stop] came. Call [#closed] when everything is closed.
  int await() {
    Runtime.getRuntime().addShutdownHook(Thread.ofPlatform().unstarted(this::stopAndWait));
    try {
      stop.await();
      return 0;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return 1;
    }
  }

  void closed() {
    closed.countDown();
  }

  private void stopAndWait() {
    stop.countDown();
    try {
      boolean _ = closed.await(10, java.util.concurrent.TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
