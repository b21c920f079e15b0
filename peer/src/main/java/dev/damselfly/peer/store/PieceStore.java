package dev.damselfly.peer.store;

import dev.damselfly.api.id.TaskId;
import dev.damselfly.api.id.TaskTuple;
import java.io.IOException;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;

/// All content of this host. Thread-safe.
///
/// A crash loses at most pieces that were not durable yet; nothing that is not verified is ever visible.
public final class PieceStore implements AutoCloseable {
  /// @param directory private directory of the daemon; created with mode 0700 when absent
  public static PieceStore open(Path directory, StoreConfig config, InstantSource clock) throws IOException {
    throw new UnsupportedOperationException();
  }

  /// The task of this tuple, created when absent.
  ///
  /// @param restricted content that was fetched with credentials; kept apart from public content of the same id
  /// @throws dev.damselfly.api.error.RequestFailure.Refused ID_BOUND_ELSEWHERE when the id stands for another tuple
  public StoredTask open(TaskTuple tuple, boolean restricted) {
    throw new UnsupportedOperationException();
  }

  public Optional<StoredTask> find(TaskId id, boolean restricted) {
    throw new UnsupportedOperationException();
  }

  public List<StoredTask> tasks() {
    throw new UnsupportedOperationException();
  }

  /// Bytes of content on disk.
  public long usedBytes() {
    throw new UnsupportedOperationException();
  }

  /// Removes tasks by age and, above the high watermark, the least recently used ones that nobody reads or writes.
  ///
  /// @return what was removed
  public List<TaskId> collect() {
    throw new UnsupportedOperationException();
  }

  /// Waits until everything committed is durable.
  @Override
  public void close() {
    throw new UnsupportedOperationException();
  }
}
