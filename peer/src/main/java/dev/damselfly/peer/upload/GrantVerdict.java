package dev.damselfly.peer.upload;

import dev.damselfly.api.id.TaskId;
import java.time.Instant;

/// What a shown grant is worth.
public sealed interface GrantVerdict {
  /// The holder may fetch this task from us.
  ///
  /// @param restricted the swarm of content that was fetched with credentials
  /// @param ends last moment it counts, leeway included
  /// @param shortId stands for the grant in records
  record Granted(TaskId task, boolean restricted, Instant ends, String shortId) implements GrantVerdict {}

  /// It is worth nothing. The holder never learns why.
  record Denied(Why why) implements GrantVerdict {}

  /// Reasons as they stand in the audit log.
  enum Why {
    MALFORMED,
    TOO_LARGE,
    CALLER_ROLE,
    CLUSTER,
    SIGNER,
    UNKNOWN_KEY,
    SIGNATURE,
    OTHER_CHILD,
    OTHER_PARENT,
    NOT_YET_VALID,
    EXPIRED,
    LIFETIME,
    OTHER_TASK,
    MISSING
  }
}
