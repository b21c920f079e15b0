package dev.damselfly.api.wire.vortex;

import dev.damselfly.api.error.InvalidValue;
import dev.damselfly.api.id.PieceLayout;
import dev.damselfly.api.id.PieceNumber;
import java.nio.ByteBuffer;
import java.time.Instant;

/// What a parent says about the content that follows. Claims: the child compares number, offset and length with its
/// own arithmetic and positions no write by them (S-VTX-4).
///
/// @param offset of the piece in the content, at most 2^46
/// @param length of the piece content, at most 64 MiB; 0 only for an empty piece
/// @param digest visible ASCII, at most 142 bytes, `crc32:<decimal>` or empty
/// @param parentId visible ASCII, at most 512 bytes; empty when the parent has the piece from the origin
/// @param trafficType 0..2; Dragonfly always sends 1
/// @param costSeconds at least 0
/// @param createdAt Unix seconds, within the range of [Instant]
public record PieceMetadata(
    PieceNumber number,
    long offset,
    long length,
    String digest,
    String parentId,
    int trafficType,
    long costSeconds,
    long createdAt) {
  public static final int MAX_DIGEST = 142;
  public static final int MAX_PARENT_ID = 512;
  /// Bytes after the field `metadata_len`.
  public static final int MAX_METADATA = 4096;
  public static final int REMOTE_PEER = 1;

  private static final int FIXED = 45;
  private static final int DIGEST_AT = 28;

  public PieceMetadata {
    if (offset < 0 || offset > PieceLayout.MAX_CONTENT) {
      throw new InvalidValue("offset must be in [0, 2^46]");
    }
    if (length < 0 || length > PieceLayout.MAX_PIECE) {
      throw new InvalidValue("length must be in [0, 64 MiB]");
    }
    requireText(digest, MAX_DIGEST);
    requireText(parentId, MAX_PARENT_ID);
    if (trafficType < 0 || trafficType > 2) {
      throw new InvalidValue("traffic type must be in [0, 2]");
    }
    if (costSeconds < 0) {
      throw new InvalidValue("cost must not be negative");
    }
    if (createdAt < Instant.MIN.getEpochSecond() || createdAt > Instant.MAX.getEpochSecond()) {
      throw new InvalidValue("creation time must be a possible instant");
    }
  }

  private static void requireText(String text, int max) {
    if (text.length() > max || !Octets.isVisibleAscii(text)) {
      throw new InvalidValue("digest and parent id must be visible ASCII, at most 142 and 512 bytes");
    }
  }

  /// Decodes the value of a content frame; the piece content begins after the consumed bytes.
  ///
  /// @param header just decoded, with a content tag
  /// @param in positioned at the value
  public static Decoded<PieceMetadata> decode(FrameHeader header, ByteBuffer in) {
    if (!Tag.isContent(header.tag())) {
      return new Decoded.Bad<>("piece content has a content tag");
    }
    long length = header.length();
    if (length < Integer.BYTES + FIXED || length > Integer.BYTES + MAX_METADATA) {
      return new Decoded.Bad<>("piece metadata has " + FIXED + " to " + MAX_METADATA + " bytes");
    }
    if (in.remaining() < length) {
      return new Decoded.NeedMore<>((int) length - in.remaining());
    }
    return decodeWhole((int) length, in);
  }

  private static Decoded<PieceMetadata> decodeWhole(int size, ByteBuffer in) {
    int at = in.position();
    long digestLength = Octets.unsignedInt(in, at + 24);
    if (Octets.unsignedInt(in, at) != size - Integer.BYTES || digestLength > MAX_DIGEST) {
      return new Decoded.Bad<>("lengths of piece metadata do not fit together");
    }
    int parentAt = DIGEST_AT + (int) digestLength + Integer.BYTES;
    if (parentAt + 17 > size) {
      return new Decoded.Bad<>("lengths of piece metadata do not fit together");
    }
    long parentLength = Octets.unsignedInt(in, at + parentAt - Integer.BYTES);
    if (parentAt + parentLength + 17 != size) {
      return new Decoded.Bad<>("lengths of piece metadata do not fit together");
    }
    long number = Octets.unsignedInt(in, at + 4);
    var digest = Octets.visibleAscii(in, at + DIGEST_AT, (int) digestLength);
    var parent = Octets.visibleAscii(in, at + parentAt, (int) parentLength);
    if (number >= PieceNumber.MAX || digest.isEmpty() || parent.isEmpty()) {
      return new Decoded.Bad<>("piece number, digest or parent id breaks its rule");
    }
    int tail = at + parentAt + (int) parentLength;
    try {
      var value =
          new PieceMetadata(
              new PieceNumber((int) number),
              Octets.signedLong(in, at + 8),
              Octets.signedLong(in, at + 16),
              digest.get(),
              parent.get(),
              in.get(tail) & 0xff,
              Octets.signedLong(in, tail + 1),
              Octets.signedLong(in, tail + 9));
      return new Decoded.Value<>(value, size);
    } catch (InvalidValue e) {
      return new Decoded.Bad<>(e.rule());
    }
  }

  /// Bytes of header and value.
  public int encodedSize() {
    return FrameHeader.SIZE + Integer.BYTES + metadataLength();
  }

  private int metadataLength() {
    return FIXED + digest.length() + parentId.length();
  }

  /// Writes header and value, [#encodedSize] bytes; the content follows without further framing.
  ///
  /// @param tag a content tag
  public void encode(int id, int tag, ByteBuffer out) {
    if (!Tag.isContent(tag)) {
      throw new IllegalArgumentException("piece content has a content tag");
    }
    new FrameHeader(id, tag, Integer.BYTES + metadataLength()).encode(out);
    out.putInt(metadataLength()).putInt(number.value()).putLong(offset).putLong(length);
    out.putInt(digest.length());
    Octets.putAscii(out, digest);
    out.putInt(parentId.length());
    Octets.putAscii(out, parentId);
    out.put((byte) trafficType).putLong(costSeconds).putLong(createdAt);
  }
}
