package dev.damselfly.peer.tools;

import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/// The socket of upstream's tools.
///
/// @param socket its directory is the daemon's own
/// @param users that may connect besides root and the daemon's user
/// @param group whose members may connect, by their primary group
/// @param outputs directories that the daemon may place files in, itself or a directory below; empty: nowhere
public record ToolsConfig(Path socket, Set<String> users, Optional<String> group, List<Path> outputs) {
  public ToolsConfig {
    users = Set.copyOf(users);
    outputs = List.copyOf(outputs);
  }
}
