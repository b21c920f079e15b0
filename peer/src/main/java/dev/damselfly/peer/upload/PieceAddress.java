package dev.damselfly.peer.upload;

import dev.damselfly.api.error.InvalidValue;
import java.util.OptionalInt;

/// Where children find pieces of this host, as SyncPieces tells them.
///
/// @param ip own address as announced
/// @param port of the piece listener, 1024..65534
/// @param quicPort told to children that expect one; absent otherwise
public record PieceAddress(String ip, int port, OptionalInt quicPort) {
  /// Without a port for QUIC.
  public PieceAddress(String ip, int port) {
    this(ip, port, OptionalInt.empty());
  }

  public PieceAddress {
    if (ip.isEmpty() || port < 1024 || port > 65_534) {
      throw new InvalidValue("an announced piece port is in [1024, 65534]");
    }
  }
}
