package dev.damselfly.peer.testing;

import dev.damselfly.api.id.TaskId;
import dev.damselfly.peer.swarm.Membership;
import dev.damselfly.peer.swarm.Registration;
import dev.damselfly.peer.swarm.SwarmListener;
import dev.damselfly.peer.swarm.Swarms;
import java.util.Optional;
import org.jspecify.annotations.NullMarked;

/// No scheduler is known, ever.
@NullMarked
public final class NoSwarms implements Swarms {
  @Override
  public Optional<Membership> join(Registration registration, SwarmListener listener) {
    return Optional.empty();
  }

  @Override
  public void refresh() {}

  @Override
  public Subscription onFound(Runnable listener) {
    return () -> {};
  }

  @Override
  public boolean reachable(TaskId task) {
    return false;
  }
}
