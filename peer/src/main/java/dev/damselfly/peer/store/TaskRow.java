package dev.damselfly.peer.store;

import dev.damselfly.api.id.TaskTuple;
import dev.damselfly.peer.content.ContentFacts;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;

/// A task as the metadata has it.
///
/// @param key local number, never reused
/// @param heldBytes bytes of its recorded pieces
/// @param heldEnd first byte after the last recorded piece
/// @param digests computed digests of the whole content by algorithm
record TaskRow(
    long key,
    TaskTuple tuple,
    boolean restricted,
    Optional<ContentFacts> facts,
    Instant used,
    long heldBytes,
    long heldEnd,
    Map<String, String> digests) {
  static TaskRow fresh(long key, TaskTuple tuple, boolean restricted, Instant now) {
    return new TaskRow(key, tuple, restricted, Optional.empty(), now, 0, 0, Map.of());
  }

  /// Bytes that the task has a right to: its length when that is known, else what it holds.
  long charge() {
    return facts.isPresent() && facts.get().contentLength().isPresent()
        ? facts.get().contentLength().getAsLong()
        : heldBytes;
  }
}
