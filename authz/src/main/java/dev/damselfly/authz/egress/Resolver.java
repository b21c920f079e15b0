package dev.damselfly.authz.egress;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.List;

/// Turns a host name into addresses. Thread-safe.
public interface Resolver {
  /// All answers, in the resolver's order.
  ///
  /// @throws UnknownHostException when there is no answer, or none in time
  List<InetAddress> resolve(String host) throws UnknownHostException;
}
