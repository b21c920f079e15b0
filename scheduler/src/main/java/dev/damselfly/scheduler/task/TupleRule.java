package dev.damselfly.scheduler.task;

import dev.damselfly.api.error.RequestFailure.Malformed;
import dev.damselfly.api.id.Sha256;
import dev.damselfly.api.id.TaskId;
import dev.damselfly.api.id.TaskTuple;
import dev.damselfly.api.wire.common.v2.Download;

/// Ties a task id to the resource it names (S-SCH-3).
@FunctionalInterface
public interface TupleRule {
  /// The id must be the wire id of the download's own tuple.
  TupleRule WIRE =
      (id, download) -> {
        TaskTuple tuple = TaskTuple.of(download);
        if (!tuple.id().equals(id)) {
          throw new Malformed("task_id", "must be the id of the download");
        }
        return tuple.fingerprint();
      };

  /// Fingerprint of the whole tuple that the download names.
  ///
  /// @throws dev.damselfly.api.error.RequestFailure when the id is not the id of this tuple
  Sha256 fingerprint(TaskId id, Download download);
}
