package dev.damselfly.scheduler.seed;

import dev.damselfly.scheduler.host.Host;
import io.grpc.ManagedChannel;

/// Opens channels to seeds. The production one expects exactly the identity that announced the host.
@FunctionalInterface
public interface SeedChannels {
  /// The caller shuts the channel down.
  ManagedChannel open(Host seed);
}
