package dev.damselfly.authz.identity;

import java.util.function.Consumer;

/// Where the current identity comes from. Thread-safe.
public interface IdentitySource extends AutoCloseable {
  /// The newest accepted state. Check [IdentitySnapshot#notAfter]: a source that lost its Workload API keeps the last one.
  IdentitySnapshot current();

  /// Calls the listener with each new state, on the source's own thread, until the subscription is closed.
  Subscription subscribe(Consumer<IdentitySnapshot> listener);

  @Override
  void close();

  /// Ends a subscription; idempotent.
  interface Subscription extends AutoCloseable {
    @Override
    void close();
  }
}
