package dev.damselfly.peer.discover;

import dev.damselfly.api.id.HostId;

/// This host as the system knows it.
///
/// @param ip literal that others reach this host at
/// @param hostname last segment of the SVID
/// @param seed role of the SVID
/// @param cluster cluster segment of the SVID
/// @param rpcPort bound port of the upload service
/// @param piecePort bound port of the piece listener
/// @param idc and `location`: labels for parent choice; may be empty
public record HostSelf(
    String ip, String hostname, boolean seed, String cluster, int rpcPort, int piecePort, String idc, String location) {
  public HostId id() {
    return HostId.of(ip, hostname, seed);
  }
}
