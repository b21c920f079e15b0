package dev.damselfly.peer.legacy;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import java.io.IOException;
import java.nio.channels.Channel;
import org.jspecify.annotations.Nullable;

/// Ends a fetch from another thread: closes its connection, so that nothing is interrupted on the way to the disk.
/// Thread-safe.
public final class Cancel {
  @GuardedBy("this")
  private boolean cancelled;

  @GuardedBy("this")
  private @Nullable Channel connection;

  /// Idempotent.
  public void cancel() {
    Channel open;
    synchronized (this) {
      cancelled = true;
      open = connection;
    }
    if (open != null) {
      close(open);
    }
  }

  public synchronized boolean isCancelled() {
    return cancelled;
  }

  /// The connection that the fetch waits on from now on.
  void waitsOn(Channel now) {
    synchronized (this) {
      connection = now;
      if (!cancelled) {
        return;
      }
    }
    close(now);
  }

  static void close(Channel channel) {
    try {
      channel.close();
    } catch (IOException e) {
      System.getLogger(Cancel.class.getName()).log(System.Logger.Level.DEBUG, "a connection did not close", e);
    }
  }
}
