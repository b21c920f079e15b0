package dev.damselfly.peer.upload;

import dev.damselfly.api.id.TaskId;
import dev.damselfly.authz.identity.SpiffeId;

/// Knows which scheduler a task belongs to. Thread-safe.
@FunctionalInterface
public interface TaskOwners {
  boolean owns(SpiffeId scheduler, TaskId task);
}
