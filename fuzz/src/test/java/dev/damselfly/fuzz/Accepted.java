package dev.damselfly.fuzz;

import java.util.concurrent.atomic.LongAdder;

/// Counts how many inputs a target accepted: one that accepts nothing tests nothing.
final class Accepted {
  private static final LongAdder ALL = new LongAdder();
  private static final LongAdder YES = new LongAdder();

  static {
    Runtime.getRuntime()
        .addShutdownHook(Thread.ofPlatform().unstarted(() -> System.err.println("accepted " + YES.sum() + " of " + ALL.sum())));
  }

  private Accepted() {}

  static void note(boolean accepted) {
    if (accepted) {
      yes();
    } else {
      no();
    }
  }

  static void yes() {
    ALL.increment();
    YES.increment();
  }

  static void no() {
    ALL.increment();
  }
}
