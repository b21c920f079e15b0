package dev.damselfly.scheduler.task;

import static dev.damselfly.scheduler.task.TaskState.FAILED;
import static dev.damselfly.scheduler.task.TaskState.LEAVE;
import static dev.damselfly.scheduler.task.TaskState.PENDING;
import static dev.damselfly.scheduler.task.TaskState.RUNNING;
import static dev.damselfly.scheduler.task.TaskState.SUCCEEDED;

import java.util.Collections;
import java.util.EnumSet;
import java.util.Optional;
import java.util.Set;

/// What happens to a task: the whole state machine as one table.
public enum TaskEvent {
  DOWNLOAD(RUNNING, EnumSet.of(PENDING, SUCCEEDED, FAILED, LEAVE)),
  DOWNLOAD_SUCCEEDED(SUCCEEDED, EnumSet.of(RUNNING, FAILED, LEAVE)),
  DOWNLOAD_FAILED(FAILED, EnumSet.of(RUNNING)),
  LEAVES(LEAVE, EnumSet.of(PENDING, RUNNING, SUCCEEDED, FAILED));

  private final TaskState to;
  @SuppressWarnings("ImmutableEnumChecker") // an unmodifiable view of a set that nobody else holds
  private final Set<TaskState> from;

  TaskEvent(TaskState to, Set<TaskState> from) {
    this.to = to;
    this.from = Collections.unmodifiableSet(from);
  }

  /// The state after the event; absent when the event is not possible in this state.
  public Optional<TaskState> from(TaskState state) {
    return from.contains(state) ? Optional.of(to) : Optional.empty();
  }
}
