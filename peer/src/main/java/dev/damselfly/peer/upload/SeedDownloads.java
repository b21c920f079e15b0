package dev.damselfly.peer.upload;

import dev.damselfly.api.wire.common.v2.Download;

/// Starts downloads that a scheduler asks this host for. Thread-safe.
@FunctionalInterface
public interface SeedDownloads {
  /// Returns at once; what happens goes to the stream.
  ///
  /// @throws dev.damselfly.api.error.RequestFailure when the download cannot start
  void start(Download download, DownloadTaskStream out);
}
