package dev.damselfly.peer.upload;

import dev.damselfly.api.id.PieceNumber;
import dev.damselfly.peer.content.PieceRecord;
import dev.damselfly.peer.store.StoredTask;
import java.util.List;
import java.util.function.Consumer;

/// A task that one child watches: pinned, with its held pieces and a call for each new one. Close it once.
final class Subscription implements AutoCloseable {
  private final StoredTask task;
  private final StoredTask.Pin pin;
  private final StoredTask.Pin commits;
  private final List<PieceNumber> held;

  /// Listens before it lists, so that no piece falls between; a piece may be named by both.
  Subscription(StoredTask task, Consumer<PieceRecord> onCommit) {
    this.task = task;
    this.pin = task.pin();
    this.commits = task.onCommit(onCommit);
    this.held = task.records().stream().map(PieceRecord::number).toList();
  }

  StoredTask task() {
    return task;
  }

  /// What was held when the subscription began, ascending.
  List<PieceNumber> held() {
    return held;
  }

  @Override
  public void close() {
    commits.close();
    pin.close();
  }
}
