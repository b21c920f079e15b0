package dev.damselfly.peer.swarm;

/// The one owner of a membership.
@FunctionalInterface
public interface SwarmListener {
  /// Calls are serial. The next event is asked for when this returns, so a slow owner slows the stream.
  void happened(SwarmEvent event);
}
