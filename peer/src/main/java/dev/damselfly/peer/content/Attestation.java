package dev.damselfly.peer.content;

import dev.damselfly.api.id.PieceNumber;
import dev.damselfly.api.id.Sha256;

/// What a piece must be, by the word of an identity that read it from the origin; relayed by the scheduler, never by
/// the sender of the piece.
///
/// @param length bytes of the piece
/// @param attester SPIFFE ID of the identity that read it
/// @param leaseId lease under which it did; 0 for an earlier run
public record Attestation(PieceNumber number, long length, Sha256 sha256, String attester, long leaseId) {}
