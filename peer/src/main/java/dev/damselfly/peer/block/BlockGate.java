package dev.damselfly.peer.block;

import dev.damselfly.authz.block.BlockQuestion;

/// The one decision about a download, before anything is done for it. Thread-safe.
@FunctionalInterface
public interface BlockGate {
  /// @throws dev.damselfly.api.error.RequestFailure BLOCK_LISTED when a rule refuses it, BLOCK_LIST_UNKNOWN while no list
  ///     is known
  void require(Attempt attempt);

  /// What is to be decided, and what the audit log says about it.
  ///
  /// @param actor who asks
  /// @param object typed id of what is asked for
  /// @param source address of the caller, or `local`
  record Attempt(BlockQuestion asked, String actor, String object, String source) {}
}
