package dev.damselfly.authz.identity;

/// What an identity is allowed to be. One identity has exactly one role; roles do not overlap.
public enum Role {
  MANAGER,
  SCHEDULER,
  PEER,
  SEED_PEER,
  OPERATOR,
  /// A caller without an identity on a legacy listener. No SPIFFE ID maps to it, so no other listener ever sees it.
  LEGACY,
  /// A user of this host, by the kernel's word, on a Unix socket. No SPIFFE ID maps to it.
  LOCAL,
  /// [#LOCAL], and root or the user that the daemon runs as.
  LOCAL_OPERATOR
}
