package dev.damselfly.scheduler.seed;

import dev.damselfly.api.wire.common.v2.Download;
import dev.damselfly.scheduler.task.TaskKey;

/// Seeds that fetch a task from the origin for others.
///
/// Implementations: [SeedTrigger]; tests keep the calls in memory.
public interface Seeds {
  /// True when some seed would take a trigger now.
  boolean isAvailable();

  /// Makes the seed of this task fetch it, in the background; a task whose trigger still runs is not triggered again.
  ///
  /// @return false when no seed took it: none is healthy, too many triggers run, or the download carries credentials
  boolean trigger(TaskKey task, Download download);
}
