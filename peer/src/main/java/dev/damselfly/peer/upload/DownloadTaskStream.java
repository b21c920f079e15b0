package dev.damselfly.peer.upload;

import dev.damselfly.api.error.RequestFailure;
import dev.damselfly.api.wire.dfdaemon.v2.DownloadTaskResponse;

/// Tells a remote caller how a download goes. Thread-safe; everything after the end is dropped.
public interface DownloadTaskStream {
  /// Progress. A message that the caller does not take in time is dropped: each one stands alone.
  void progress(DownloadTaskResponse message);

  /// The download is complete and verified.
  void done();

  void failed(RequestFailure failure);

  /// Runs once when the caller is gone, at once when it is gone already.
  void onGone(Runnable action);
}
