package dev.damselfly.peer.upload;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.damselfly.api.wire.common.v2.Host;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/// One sample of this host per second, shared by all who listen; none is taken while nobody does. Thread-safe.
public final class HostPulse {
  private static final long PERIOD_MILLIS = Duration.ofSeconds(1).toMillis();

  private final Supplier<Host> sample;
  private final ScheduledExecutorService timer;
  private final Object lock = new Object();

  @GuardedBy("lock")
  private final List<Consumer<Host>> listeners = new ArrayList<>();

  @GuardedBy("lock")
  private @Nullable ScheduledFuture<?> running;

  /// @param sample a Host message with the network numbers of now; quick
  public HostPulse(Supplier<Host> sample, ScheduledExecutorService timer) {
    this.sample = sample;
    this.timer = timer;
  }

  /// Calls the listener until the returned action runs.
  Runnable listen(Consumer<Host> listener) {
    Consumer<Host> own = host -> listener.accept(host); // a listener that comes twice is two listeners
    synchronized (lock) {
      listeners.add(own);
      if (running == null) {
        running = timer.scheduleAtFixedRate(this::beat, 0, PERIOD_MILLIS, TimeUnit.MILLISECONDS);
      }
    }
    return () -> drop(own);
  }

  private void drop(Consumer<Host> listener) {
    synchronized (lock) {
      listeners.remove(listener);
      if (listeners.isEmpty() && running != null) {
        running.cancel(false);
        running = null;
      }
    }
  }

  private void beat() {
    List<Consumer<Host>> now;
    synchronized (lock) {
      now = List.copyOf(listeners);
    }
    Host host = sample.get();
    now.forEach(listener -> listener.accept(host));
  }
}
