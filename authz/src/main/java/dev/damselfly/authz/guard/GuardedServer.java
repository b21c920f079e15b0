package dev.damselfly.authz.guard;

import dev.damselfly.authz.audit.Audit;
import dev.damselfly.authz.identity.IdentitySource;
import dev.damselfly.authz.identity.RoleTemplate;
import dev.damselfly.authz.policy.Policy;
import io.grpc.ServerServiceDefinition;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.List;

/// The only way to serve gRPC over a network: mutual TLS 1.3 with the process's SVID, then, in this order,
/// identity, limits, authorization (policy row and binding per message), rule validation, error mapping, audit.
///
/// Refuses to start when policy and services differ. Thread-safe after [#start].
public final class GuardedServer implements AutoCloseable {
  /// @param policy must have exactly one row per RPC of `services`
  public GuardedServer(
      InetSocketAddress address,
      List<ServerServiceDefinition> services,
      Policy policy,
      IdentitySource identity,
      RoleTemplate roles,
      Audit audit) {
    throw new UnsupportedOperationException();
  }

  public GuardedServer start() throws IOException {
    throw new UnsupportedOperationException();
  }

  /// The bound port.
  public int port() {
    throw new UnsupportedOperationException();
  }

  /// Stops accepting, gives running calls 5 s, then ends them.
  @Override
  public void close() {
    throw new UnsupportedOperationException();
  }
}
