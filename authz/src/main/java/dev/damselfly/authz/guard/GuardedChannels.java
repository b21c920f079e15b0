package dev.damselfly.authz.guard;

import dev.damselfly.api.id.HostPort;
import dev.damselfly.authz.audit.Audit;
import dev.damselfly.authz.identity.Expected;
import dev.damselfly.authz.identity.IdentitySource;
import dev.damselfly.authz.identity.RoleTemplate;
import io.grpc.ManagedChannel;

/// The only way to open gRPC channels over a network. Mutual TLS 1.3; the server must be `expected`, else the
/// handshake fails and the refusal is recorded. No session resumption; a connection ends with either SVID. Thread-safe.
public final class GuardedChannels {
  public GuardedChannels(IdentitySource identity, RoleTemplate roles, Audit audit) {
    throw new UnsupportedOperationException();
  }

  /// The caller shuts the channel down.
  public ManagedChannel open(HostPort address, Expected expected) {
    throw new UnsupportedOperationException();
  }
}
