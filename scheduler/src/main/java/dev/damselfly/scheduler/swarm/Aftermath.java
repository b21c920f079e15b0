package dev.damselfly.scheduler.swarm;

import dev.damselfly.authz.audit.Audit;
import dev.damselfly.authz.audit.AuditAction;
import dev.damselfly.authz.audit.AuditEvent;
import dev.damselfly.authz.identity.SpiffeId;
import dev.damselfly.scheduler.task.TaskKey;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/// What is left to do when the swarm's lock is released: nothing is called out under it. Not thread-safe.
final class Aftermath {
  private final TaskKey task;
  private final Audit audit;
  private List<Runnable> steps = new ArrayList<>();

  Aftermath(TaskKey task, Audit audit) {
    this.task = task;
    this.audit = audit;
  }

  void add(Runnable step) {
    steps.add(step);
  }

  /// One record about an identity of this swarm.
  void record(AuditAction action, SpiffeId about, String reason, Map<String, String> detail) {
    var event =
        new AuditEvent(
            action, about.toString(), "task:" + task.id(), AuditEvent.Decision.DONE, reason, "swarm", detail);
    add(() -> audit.record(event));
  }

  List<Runnable> take() {
    List<Runnable> all = steps;
    steps = new ArrayList<>();
    return all;
  }
}
