package dev.damselfly.peer.upload;

import com.google.protobuf.Timestamp;
import dev.damselfly.api.wire.dfdaemon.v2.StatLocalTaskResponse;
import dev.damselfly.peer.content.PieceRecord;
import dev.damselfly.peer.store.StoredTask;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/// What this host tells about a task that it holds. Pure.
public final class TaskStat {
  private TaskStat() {}

  /// Empty when nothing is held of it.
  public static Optional<StatLocalTaskResponse> of(StoredTask task) {
    List<Instant> times = task.records().stream().map(PieceRecord::at).sorted().toList();
    if (times.isEmpty()) {
      return Optional.empty();
    }
    var message =
        StatLocalTaskResponse.newBuilder()
            .setTaskId(task.id().value())
            .setCreatedAt(timestamp(times.getFirst()))
            .setUpdatedAt(timestamp(times.getLast()));
    task.facts()
        .ifPresent(
            facts -> {
              message.setPieceLength(facts.pieceLength());
              facts.contentLength().ifPresent(message::setContentLength);
            });
    if (task.complete()) {
      message.setFinishedAt(timestamp(times.getLast()));
    }
    return Optional.of(message.build());
  }

  private static Timestamp timestamp(Instant at) {
    return Timestamp.newBuilder().setSeconds(at.getEpochSecond()).setNanos(at.getNano()).build();
  }
}
