package dev.damselfly.peer.content;

/// Where the bytes of a piece came from.
public sealed interface PieceSource {
  /// Read by this host from the origin.
  ///
  /// @param leaseId the lease that named the piece; 0 when no scheduler was involved
  record Origin(long leaseId) implements PieceSource {}

  /// Sent by another peer.
  ///
  /// @param peerId id of the parent in the swarm
  /// @param spiffeId identity of its connection
  /// @param why why this parent was chosen, for people
  /// @param grant short id of the grant that was shown
  record Parent(String peerId, String spiffeId, String why, String grant) implements PieceSource {}

  /// Sent by a host without an identity, over a connection without TLS. Only the digest of the whole content speaks for
  /// the piece: it is never attested.
  ///
  /// @param address of the host
  record Legacy(String address) implements PieceSource {}
}
