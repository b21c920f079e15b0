package dev.damselfly.peer.legacy;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.damselfly.api.id.TaskId;
import java.util.HashSet;
import java.util.Set;

/// One at a time for each task. Thread-safe. Waits as long as the others take, which is bounded.
final class Turns {
  @GuardedBy("this")
  private final Set<TaskId> taken = new HashSet<>();

  synchronized void enter(TaskId task) {
    boolean interrupted = false;
    while (!taken.add(task)) {
      try {
        wait();
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  synchronized void leave(TaskId task) {
    taken.remove(task);
    notifyAll();
  }
}
