package dev.damselfly.manager.scheduler;

import dev.damselfly.api.error.InvalidValue;
import dev.damselfly.manager.document.Json;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/// How often a scheduler says that it lives.
public record KeepAliveInterval(Duration value) {
  private static final Duration MIN = Duration.ofMillis(100);
  private static final Duration MAX = Duration.ofMinutes(10);

  public static final KeepAliveInterval DEFAULT = new KeepAliveInterval(Duration.ofSeconds(5));

  public KeepAliveInterval {
    if (value.compareTo(MIN) < 0 || value.compareTo(MAX) > 0) {
      throw new InvalidValue("manager_keep_alive_interval must be in [100 ms, 10 min]");
    }
  }

  record ConfigDocument(@Nullable Long managerKeepAliveInterval) {}

  /// From the document of `UpdateSchedulerRequest.config`, nanoseconds; without bytes or key: the default.
  static KeepAliveInterval read(byte[] json) {
    if (json.length == 0) {
      return DEFAULT;
    }
    Long nanos = Json.read(json, ConfigDocument.class).managerKeepAliveInterval();
    return nanos == null ? DEFAULT : new KeepAliveInterval(Duration.ofNanos(nanos));
  }
}
