package dev.damselfly.scheduler.task;

import dev.damselfly.api.id.TaskId;

/// A task as the scheduler keeps it: public and restricted content of one task id never meet.
///
/// @param restricted the content was fetched with credentials
public record TaskKey(TaskId id, boolean restricted) {
  public static TaskKey publicTask(TaskId id) {
    return new TaskKey(id, false);
  }
}
