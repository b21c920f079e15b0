package dev.damselfly.conformance.target;

import dev.damselfly.conformance.link.Endpoint;
import java.util.Optional;

/// One started program under test.
public interface Running extends AutoCloseable {
  /// Where its gRPC service listens.
  Endpoint endpoint();

  /// Where another part of it listens, for example `rest` or `proxy`.
  Optional<Endpoint> endpoint(String part);

  /// What it wrote to its output so far; empty when that is not visible.
  String output();

  /// Ends it in its own time, as an operator would; returns when it is gone.
  void stop() throws InterruptedException;

  /// Ends it at once.
  @Override
  void close();
}
