package dev.damselfly.peer.discover;

import dev.damselfly.api.id.HostPort;
import io.grpc.ManagedChannel;

/// A healthy scheduler of this host's cluster.
///
/// @param id its row at the manager
/// @param clusterId its cluster at the manager
/// @param hostname its place in the ring
public record SchedulerNode(long id, long clusterId, String hostname, HostPort address, ManagedChannel channel) {}
