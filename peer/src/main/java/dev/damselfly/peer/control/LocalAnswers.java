package dev.damselfly.peer.control;

import dev.damselfly.api.wire.local.v1.ExplainReply;
import dev.damselfly.api.wire.local.v1.LimitsReply;
import dev.damselfly.api.wire.local.v1.StatusReply;

/// What the daemon tells local users about itself. Thread-safe.
public interface LocalAnswers {
  StatusReply status();

  /// @throws dev.damselfly.api.error.RequestFailure TASK_UNKNOWN
  ExplainReply explain(String subject);

  LimitsReply limits();

  /// Begins to stop the daemon; returns at once.
  void stop();
}
