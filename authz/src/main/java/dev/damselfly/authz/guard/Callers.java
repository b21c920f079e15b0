package dev.damselfly.authz.guard;

import dev.damselfly.authz.identity.Caller;
import io.grpc.Context;

/// The caller of the RPC that runs now. Read in RPC adapters only; the domain takes a [Caller] parameter.
public final class Callers {
  static final Context.Key<Caller> KEY = Context.key("damselfly-caller");

  private Callers() {}

  /// @throws IllegalStateException outside a guarded call
  public static Caller current() {
    Caller caller = KEY.get();
    if (caller == null) {
      throw new IllegalStateException("no guarded call is running");
    }
    return caller;
  }
}
