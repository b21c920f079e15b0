package dev.damselfly.authz.guard;

import io.grpc.MethodDescriptor;
import io.grpc.Server;
import io.grpc.ServerMethodDefinition;
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
