package dev.damselfly.authz.audit;

import java.io.IOException;

/// The second place of signed heads: a file, a collector, an object store with a lock.
@FunctionalInterface
public interface HeadSink {
  /// Keeps the head. Called in order, on the thread that made the head durable in the log.
  void accept(SignedHead head) throws IOException;
}
