package dev.damselfly.scheduler.task;

import dev.damselfly.api.id.Sha256;
import dev.damselfly.api.id.TaskId;
import dev.damselfly.api.wire.common.v2.Download;

/// Ties a task id to the resource it names.
@FunctionalInterface
public interface TupleRule {
  /// Fingerprint of the whole tuple that the download names.
  ///
  /// @throws dev.damselfly.api.error.RequestFailure when the id is not the id of this tuple
  Sha256 fingerprint(TaskId id, Download download);
}
