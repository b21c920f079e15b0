package dev.damselfly.authz.identity;

/// What an identity is allowed to be. One identity has exactly one role; roles do not overlap.
public enum Role {
  MANAGER,
  SCHEDULER,
  PEER,
  SEED_PEER,
  OPERATOR
}
