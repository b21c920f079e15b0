package dev.damselfly.authz.guard;

import dev.damselfly.authz.limits.Bound;
import dev.damselfly.authz.limits.Limits;
import io.grpc.MethodDescriptor;
import io.grpc.Server;
import io.grpc.ServerMethodDefinition;
import io.grpc.netty.NettyServerBuilder;
import java.util.List;
import java.util.concurrent.TimeUnit;

/// What servers with and without identities do alike.
final class Servers {
  private static final int GRACE_SECONDS = 5;

  private Servers() {}

  /// Every RPC that is exposed.
  static List<MethodDescriptor<?, ?>> methods(Server server) {
    return server.getServices().stream()
        .flatMap(service -> service.getMethods().stream())
        .<MethodDescriptor<?, ?>>map(ServerMethodDefinition::getMethodDescriptor)
        .toList();
  }

  /// What bounds a connection besides its calls (B-16, B-17).
  static NettyServerBuilder bounded(NettyServerBuilder builder, Limits limits) {
    return builder
        .maxRstFramesPerWindow(
            limits.count(Bound.RESETS), Math.max(1, Math.toIntExact(limits.time(Bound.RESET_WINDOW).toSeconds())))
        .permitKeepAliveTime(limits.value(Bound.KEEPALIVE_PERMIT), TimeUnit.MILLISECONDS)
        .permitKeepAliveWithoutCalls(true)
        .maxConnectionIdle(limits.value(Bound.CONNECTION_IDLE), TimeUnit.MILLISECONDS)
        .maxConnectionAge(limits.value(Bound.CONNECTION_AGE), TimeUnit.MILLISECONDS)
        .maxConnectionAgeGrace(limits.value(Bound.CONNECTION_GRACE), TimeUnit.MILLISECONDS);
  }

  /// Stops accepting, gives running calls 5 s, then ends them.
  static void stop(Server server) {
    server.shutdown();
    try {
      if (!server.awaitTermination(GRACE_SECONDS, TimeUnit.SECONDS)) {
        server.shutdownNow();
      }
    } catch (InterruptedException e) {
      server.shutdownNow();
      Thread.currentThread().interrupt();
    }
  }
}
