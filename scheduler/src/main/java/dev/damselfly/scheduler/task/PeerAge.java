package dev.damselfly.scheduler.task;

import dev.damselfly.scheduler.host.Host;
import java.time.Instant;

/// A peer as garbage collection sees it.
///
/// @param live a stream vouches for it
public record PeerAge(
    String id, Host host, PeerState state, Instant pieceAt, Instant updatedAt, boolean live, int degree) {}
