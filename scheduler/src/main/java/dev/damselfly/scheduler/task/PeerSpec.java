package dev.damselfly.scheduler.task;

import dev.damselfly.api.wire.common.v2.Download;
import dev.damselfly.api.wire.common.v2.Priority;
import dev.damselfly.api.wire.common.v2.Range;
import dev.damselfly.scheduler.host.Host;
import java.util.Optional;

/// What a registration says about a peer.
///
/// @param slots pieces it keeps in flight
/// @param legacyPort where it serves children without an identity, at its host's address; 0 means nowhere
public record PeerSpec(String id, Host host, Optional<Range> range, Priority priority, int slots, int legacyPort) {
  private static final int DEFAULT_SLOTS = 8;
  private static final int MAX_SLOTS = 1024;

  public static PeerSpec of(String id, Host host, Download download) {
    int asked = download.getConcurrentPieceCount();
    return new PeerSpec(
        id,
        host,
        download.hasRange() ? Optional.of(download.getRange()) : Optional.empty(),
        download.getPriority(),
        asked == 0 ? DEFAULT_SLOTS : Math.clamp(asked, 1, MAX_SLOTS),
        0);
  }

  public PeerSpec withLegacyPort(int port) {
    return new PeerSpec(id, host, range, priority, slots, port);
  }
}
