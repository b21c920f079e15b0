package dev.damselfly.scheduler.announce;

import dev.damselfly.api.error.Reason;
import dev.damselfly.api.error.RequestFailure;
import dev.damselfly.api.error.RequestFailure.Malformed;
import dev.damselfly.api.error.RequestFailure.Refused;
import dev.damselfly.api.wire.common.v2.Priority;
import dev.damselfly.scheduler.task.Task;
import dev.damselfly.scheduler.task.TaskState;

/// How the first bytes of a task come from the origin: pure function of what is known at a registration.
sealed interface SeedDecision {
  /// There are parents, or somebody fetches already.
  record Nothing() implements SeedDecision {}

  /// This peer goes to the origin itself.
  record GoToOrigin() implements SeedDecision {}

  /// A seed fetches; when none takes the trigger, this peer goes itself.
  record TriggerSeed() implements SeedDecision {}

  /// The priority of the download forbids both.
  record Refuse(RequestFailure failure) implements SeedDecision {}

  /// What the caller brings along.
  ///
  /// @param asksForOrigin the registration says that this peer is to fetch from the origin
  /// @param seed the peer is a seed
  /// @param seedAvailable some seed would take a trigger
  /// @param priority effective, after the application's rules
  record Situation(boolean asksForOrigin, boolean seed, boolean seedAvailable, Priority priority) {}

  static SeedDecision decide(Situation peer, Task.Outlook task) {
    if (peer.asksForOrigin()) {
      return new GoToOrigin();
    }
    if (!needsFetching(task)) {
      return new Nothing();
    }
    return peer.seed() || !peer.seedAvailable() ? new GoToOrigin() : byPriority(peer.priority(), task.seedFailed());
  }

  private static boolean needsFetching(Task.Outlook task) {
    return switch (task.state()) {
      case FAILED, LEAVE -> true;
      case PENDING, SUCCEEDED -> !task.available();
      case RUNNING -> false;
    };
  }

  private static SeedDecision byPriority(Priority priority, boolean seedFailed) {
    return switch (priority) {
      case LEVEL6, LEVEL5, LEVEL4, LEVEL0 -> seedFailed ? new GoToOrigin() : new TriggerSeed();
      case LEVEL3 -> new GoToOrigin();
      case LEVEL2 ->
          new Refuse(new Refused(Reason.NOTHING_CONFIGURED, "the priority leaves the way to the origin to the peer"));
      case LEVEL1 -> new Refuse(new Refused(Reason.WRONG_STATE, "the priority forbids this download"));
      case UNRECOGNIZED -> new Refuse(new Malformed("download.priority", "must be a defined value"));
    };
  }
}
