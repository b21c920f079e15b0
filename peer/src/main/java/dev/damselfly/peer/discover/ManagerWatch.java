package dev.damselfly.peer.discover;

import io.grpc.ConnectivityState;
import io.grpc.ManagedChannel;

/// Tells when the manager is reached again after it could not be: what it says may be new. A connection that is only made
/// anew, as with each SVID, is no news. Runs on the channel's threads, one call after the other, until the channel is shut
/// down.
public final class ManagerWatch {
  private final ManagedChannel manager;
  private final Runnable returned;
  private boolean away;

  private ManagerWatch(ManagedChannel manager, Runnable returned) {
    this.manager = manager;
    this.returned = returned;
  }

  /// @param returned must not block
  public static void start(ManagedChannel manager, Runnable returned) {
    new ManagerWatch(manager, returned).look();
  }

  private synchronized void look() {
    ConnectivityState now = manager.getState(true);
    if (now == ConnectivityState.SHUTDOWN) {
      return;
    }
    if (now == ConnectivityState.TRANSIENT_FAILURE) {
      away = true;
    } else if (now == ConnectivityState.READY && away) {
      away = false;
      returned.run();
    }
    manager.notifyWhenStateChanged(now, this::look);
  }
}
