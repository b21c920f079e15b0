package dev.damselfly.peer.store;

import dev.damselfly.api.id.PieceNumber;
import dev.damselfly.peer.content.ContentFacts;
import dev.damselfly.peer.content.PieceRecord;
import java.time.Instant;
import java.util.List;

/// One change of the metadata, in the order in which it happened in memory.
sealed interface Change {
  /// Local number of the task.
  long task();

  record AddTask(TaskRow row) implements Change {
    @Override
    public long task() {
      return row.key();
    }
  }

  record SetFacts(long task, ContentFacts facts) implements Change {}

  /// A piece whose bytes are in the file. Its record does not count until they were forced, which [Forced] says.
  record AddPiece(TaskContent owner, ContentFile file, PieceRecord piece) implements Change {
    @Override
    public long task() {
      return owner.key();
    }
  }

  /// Until this is durable the places of the pieces must not be written again.
  record DropPieces(TaskContent owner, List<PieceNumber> numbers) implements Change {
    @Override
    public long task() {
      return owner.key();
    }
  }

  /// What came of forcing the file of a task.
  ///
  /// @param kept pieces whose bytes survive a loss of power
  /// @param lost pieces that are forgotten
  record Forced(long task, List<PieceNumber> kept, List<PieceNumber> lost) implements Change {}

  /// Pieces, facts and digests.
  record DropContent(long task) implements Change {}

  record DropTask(long task) implements Change {}

  record Used(long task, Instant at) implements Change {}

  /// @param algorithm `sha256` or `sha512`
  record SetDigest(long task, String algorithm, String digest) implements Change {}

  record Note(long task, String name, String value) implements Change {}

  record Label(long task, String label) implements Change {}
}
