package dev.damselfly.peer.discover;

import dev.damselfly.api.id.HostPort;
import java.util.List;

/// Names schedulers: the manager, or a fixed list.
@FunctionalInterface
public interface Directory {
  /// Asks anew; blocks within a deadline.
  ///
  /// @return in the order of preference
  /// @throws dev.damselfly.api.error.RequestFailure BACKEND_DOWN when it cannot be asked
  List<Named> ask();

  /// A scheduler by its word.
  record Named(long id, long clusterId, String hostname, HostPort address) {}
}
