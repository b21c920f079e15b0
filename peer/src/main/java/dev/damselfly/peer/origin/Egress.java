package dev.damselfly.peer.origin;

import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.util.Optional;

/// Decides about each connection before it is made. The egress gate in production.
@FunctionalInterface
public interface Egress {
  /// @throws dev.damselfly.api.error.RequestFailure.Refused EGRESS_DENIED
  Way check(Place place);

  /// Where exactly to connect.
  ///
  /// @param address checked; nothing is resolved again
  /// @param privateCa PEM file with the only authorities of this origin; absent: those of the Java runtime
  record Way(InetSocketAddress address, Optional<Path> privateCa) {}
}
