package dev.damselfly.peer.tools;

import dev.damselfly.api.wire.dfdaemon.v2.DfdaemonDownloadGrpc;
import dev.damselfly.authz.audit.Audit;
import dev.damselfly.authz.guard.UnixServer;
import dev.damselfly.authz.identity.TrustDomain;
import dev.damselfly.authz.limits.Limits;
import dev.damselfly.authz.policy.Policy;
import dev.damselfly.peer.control.LocalPeople;
import dev.damselfly.peer.control.LocalSocket;
import io.grpc.health.v1.HealthCheckResponse.ServingStatus;
import io.grpc.protobuf.services.HealthStatusManager;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.List;

/// The socket of upstream's tools, from its directory to its service. Started and closed by the process.
public final class ToolsServer implements AutoCloseable {
  private final ToolsConfig config;
  private final LocalPeople people;
  private final HealthStatusManager health = new HealthStatusManager();
  private final UnixServer server;

  /// @param trustDomain in which local users have the names of their audit records
  public ToolsServer(
      ToolsConfig config, LocalPeople people, TrustDomain trustDomain, ToolsRpc rpc, Audit audit, Limits limits) {
    this.config = config;
    this.people = people;
    var callers = new ToolCallers(people, trustDomain);
    this.server =
        new UnixServer(
            config.socket(),
            callers::admit,
            List.of(rpc.service(), health.getHealthService().bindService()),
            new Policy(ToolsPolicy.rows()),
            audit,
            limits);
  }

  /// @throws IOException when the socket cannot be opened safely
  public ToolsServer start() throws IOException {
    try {
      LocalSocket.prepare(config.socket(), people);
      health.setStatus(DfdaemonDownloadGrpc.SERVICE_NAME, ServingStatus.SERVING);
      server.start();
      LocalSocket.openTo(config.socket(), people);
    } catch (IOException e) {
      server.close();
      throw e;
    }
    return this;
  }

  /// What serves, for tests that ask it.
  public UnixServer server() {
    return server;
  }

  /// Ends all calls and removes the socket.
  @Override
  public void close() {
    health.enterTerminalState();
    server.close();
    try {
      LocalSocket.remove(config.socket());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
