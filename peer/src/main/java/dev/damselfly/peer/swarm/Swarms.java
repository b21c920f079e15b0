package dev.damselfly.peer.swarm;

import dev.damselfly.api.id.TaskId;
import java.util.Optional;

/// The way into swarms.
public interface Swarms {
  /// Enters the swarm at the scheduler that owns the task. What happens is told to the listener.
  ///
  /// @return absent when no scheduler is known
  Optional<Membership> join(Registration registration, SwarmListener listener);

  /// A scheduler was lost or does not know this host: look for schedulers now.
  void refresh();

  /// Calls the listener each time schedulers were found.
  Subscription onFound(Runnable listener);

  /// Ends what it stands for; idempotent.
  interface Subscription extends AutoCloseable {
    @Override
    void close();
  }

  /// Whether a scheduler is known for the task.
  boolean reachable(TaskId task);
}
