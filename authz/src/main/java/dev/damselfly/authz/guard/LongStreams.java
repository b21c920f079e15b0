package dev.damselfly.authz.guard;

import java.util.Set;

/// The methods whose streams live as long as a download. Clients of the v2 API put their unary time limit on them and
/// wait for response headers before the first message, so their headers go out at once and their deadline is not applied.
final class LongStreams {
  private static final Set<String> METHODS =
      Set.of(
          "scheduler.v2.Scheduler/AnnouncePeer",
          "scheduler.v2.Scheduler/AnnouncePersistentPeer",
          "scheduler.v2.Scheduler/AnnouncePersistentCachePeer",
          "dfdaemon.v2.DfdaemonUpload/SyncPieces",
          "dfdaemon.v2.DfdaemonUpload/SyncPersistentPieces",
          "dfdaemon.v2.DfdaemonUpload/SyncPersistentCachePieces",
          "dfdaemon.v2.DfdaemonUpload/SyncHost",
          "damselfly.v1.Swarm/Join");

  private LongStreams() {}

  /// @param fullMethod `package.Service/Method`
  static boolean contains(String fullMethod) {
    return METHODS.contains(fullMethod);
  }

  /// @param path the `:path` of a request, with its leading slash
  static boolean containsPath(CharSequence path) {
    return !path.isEmpty() && METHODS.contains(path.subSequence(1, path.length()).toString());
  }
}
