package dev.damselfly.authz.testing;

import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.concurrent.atomic.AtomicReference;

/// A clock that moves only when told. Thread-safe.
public final class ManualClock implements InstantSource {
  private final AtomicReference<Instant> now;

  public ManualClock(Instant start) {
    this.now = new AtomicReference<>(start);
  }

  /// A fixed instant that no test depends on.
  public static ManualClock somewhere() {
    return new ManualClock(Instant.parse("2026-06-01T12:00:00Z"));
  }

  /// Starts at the real time: for tests whose certificates a real TLS library also looks at.
  public static ManualClock now() {
    return new ManualClock(Instant.now());
  }

  @Override
  public Instant instant() {
    return now.get();
  }

  public void advance(Duration step) {
    now.updateAndGet(instant -> instant.plus(step));
  }

  public void set(Instant instant) {
    now.set(instant);
  }
}
