package dev.damselfly.peer.upload;

import dev.damselfly.api.error.InvalidValue;

/// Where children find pieces of this host, as SyncPieces tells them: over TCP. No port is told for QUIC, as there is none.
///
/// @param ip own address as announced
/// @param port of the piece listener, 1024..65534
public record PieceAddress(String ip, int port) {
  public PieceAddress {
    if (ip.isEmpty() || port < 1024 || port > 65_534) {
      throw new InvalidValue("an announced piece port is in [1024, 65534]");
    }
  }
}
