package dev.damselfly.peer.store;

import dev.damselfly.api.id.TaskId;
import dev.damselfly.peer.content.PieceRecord;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// What survives a restart besides content. Thread-safe. A second implementation in the tests fails on demand.
interface Metadata extends AutoCloseable {
  /// Applies the changes, all or none. From then on they survive the end of the process, not yet a loss of power.
  ///
  /// @throws RejectedChange when the change itself can never be applied
  void apply(List<Change> changes) throws IOException;

  /// Returns once everything applied before survives a loss of power. Keeps nobody from applying meanwhile.
  void force() throws IOException;

  List<TaskRow> tasks() throws IOException;

  /// Recorded pieces, ascending.
  List<PieceRecord> pieces(long task) throws IOException;

  /// Those of the recorded pieces whose bytes were not forced yet, ascending.
  List<PieceRecord> unforced(long task) throws IOException;

  /// Forgets recorded pieces that end after `size`.
  void dropPiecesBeyond(long task, long size) throws IOException;

  Map<String, String> notes(long task) throws IOException;

  Optional<TaskId> byLabel(String label) throws IOException;

  @Override
  void close() throws IOException;

  /// A change that breaks a rule of the schema: a defect, trying again is useless.
  final class RejectedChange extends IOException {
    private static final long serialVersionUID = 1L;

    RejectedChange(Throwable cause) {
      super("a metadata change breaks the schema", cause);
    }
  }
}
