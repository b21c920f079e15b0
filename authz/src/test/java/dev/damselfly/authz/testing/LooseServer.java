package dev.damselfly.authz.testing;

import dev.damselfly.authz.guard.GuardedServer;
import dev.damselfly.authz.identity.IdentitySource;
import dev.damselfly.authz.identity.Role;
import dev.damselfly.authz.identity.RoleTemplate;
import dev.damselfly.authz.policy.Policy;
import io.grpc.BindableService;
import io.grpc.ServerServiceDefinition;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;

/// Stands in for a process that the tested one talks to: real TLS with an SVID of its own, every role may call
/// everything.
public final class LooseServer {
  private LooseServer() {}

  /// On a free port of loopback.
  public static GuardedServer start(IdentitySource identity, BindableService... services) throws IOException {
    List<ServerServiceDefinition> bound = Stream.of(services).map(BindableService::bindService).toList();
    var rows =
        bound.stream()
            .flatMap(service -> service.getMethods().stream())
            .map(
                method ->
                    new Policy.Row(
                        method.getMethodDescriptor().getFullMethodName(), Set.of(Role.values()), Policy.Binding.none()))
            .toList();
    var roles = new RoleTemplate(identity.current().id().trustDomain());
    var address = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
    return new GuardedServer(address, bound, new Policy(rows), identity, roles, new MemoryAudit()).start();
  }
}
