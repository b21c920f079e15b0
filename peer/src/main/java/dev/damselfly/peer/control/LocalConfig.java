package dev.damselfly.peer.control;

import java.nio.file.Path;
import java.util.Optional;
import java.util.Set;

/// The local socket.
///
/// @param socket its directory is the daemon's own
/// @param users that may connect besides root and the daemon's user
/// @param group whose members may connect, by their primary group
/// @param connections in all
/// @param connectionsPerUser of one user
public record LocalConfig(Path socket, Set<String> users, Optional<String> group, int connections, int connectionsPerUser) {
  public static final int DEFAULT_CONNECTIONS = 512;
  public static final int DEFAULT_PER_USER = 64;

  public LocalConfig {
    users = Set.copyOf(users);
  }
}
