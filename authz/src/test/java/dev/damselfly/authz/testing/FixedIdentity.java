package dev.damselfly.authz.testing;

import dev.damselfly.authz.identity.IdentitySnapshot;
import dev.damselfly.authz.identity.IdentitySource;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;

/// An identity that changes only when told; tells subscribers on the caller's thread.
public final class FixedIdentity implements IdentitySource {
  private final List<Consumer<IdentitySnapshot>> listeners = new CopyOnWriteArrayList<>();
  private volatile IdentitySnapshot current;

  public FixedIdentity(IdentitySnapshot start) {
    this.current = start;
  }

  @Override
  public IdentitySnapshot current() {
    return current;
  }

  /// Replaces the state, as a rotation does.
  public void set(IdentitySnapshot next) {
    current = next;
    listeners.forEach(listener -> listener.accept(next));
  }

  @Override
  public Subscription subscribe(Consumer<IdentitySnapshot> listener) {
    listeners.add(listener);
    return () -> listeners.remove(listener);
  }

  @Override
  public void close() {
    listeners.clear();
  }
}
