package dev.damselfly.peer.upload;

import dev.damselfly.authz.identity.SpiffeId;
import java.security.PublicKey;
import java.util.Optional;

/// Keys with which schedulers sign grants. Thread-safe; may block, never called on an event loop.
@FunctionalInterface
public interface GrantKeys {
  /// @param keyId as the grant names it, at most 64 printable characters
  Optional<PublicKey> find(SpiffeId scheduler, String keyId);
}
