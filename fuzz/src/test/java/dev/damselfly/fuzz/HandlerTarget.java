package dev.damselfly.fuzz;

import java.util.Set;

/// A target that calls RPCs through the guard.
public interface HandlerTarget extends Target {
  /// Full names of the methods that it calls.
  Set<String> rpcs();
}
