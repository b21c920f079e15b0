package dev.damselfly.peer.content;

import dev.damselfly.api.id.ByteRange;
import dev.damselfly.api.id.PieceNumber;
import dev.damselfly.api.id.Sha256;
import java.time.Instant;

/// A piece that is held and verified.
///
/// @param range its bytes in the content
/// @param crc32 `crc32:<decimal>`, spoken on the wire for compatibility, never decides
/// @param verifiedAgainst for people: whose word the digest is
/// @param at when it was committed
public record PieceRecord(
    PieceNumber number, ByteRange range, Sha256 sha256, String crc32, PieceSource source, String verifiedAgainst, Instant at) {}
