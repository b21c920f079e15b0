package dev.damselfly.authz.limits;

/// The process that a bound belongs to.
public enum Part {
  MANAGER,
  SCHEDULER,
  PEER
}
