package dev.damselfly.api.id;

import dev.damselfly.api.error.InvalidValue;

/// Arithmetic of pieces: which bytes of the content a piece number stands for.
///
/// @param contentLength bytes, 0..2^46 (B-19)
/// @param pieceLength bytes, 4 MiB..64 MiB (B-03)
public record PieceLayout(long contentLength, long pieceLength) {
  public static final long MIN_PIECE = 4L << 20;
  public static final long MAX_PIECE = 64L << 20;
  public static final long MAX_CONTENT = 1L << 46;
  private static final long TARGET_PIECES = 500;

  public PieceLayout {
    if (contentLength < 0 || contentLength > MAX_CONTENT) {
      throw new InvalidValue("content length must be in [0, 2^46]");
    }
    requirePieceLength(pieceLength);
    if (countOf(contentLength, pieceLength) > PieceNumber.MAX) {
      throw new InvalidValue("at most " + PieceNumber.MAX + " pieces: the piece length is too small for this content");
    }
  }

  /// The layout that a peer chooses when the request fixes no piece length: the power of two nearest above
  /// `contentLength / 500`, kept between 4 MiB and 64 MiB.
  public static PieceLayout standard(long contentLength) {
    long wanted = contentLength / TARGET_PIECES;
    long power = wanted <= 1 ? 1 : Long.highestOneBit(wanted - 1) << 1;
    return new PieceLayout(contentLength, Math.clamp(power, MIN_PIECE, MAX_PIECE));
  }

  public static void requirePieceLength(long pieceLength) {
    if (pieceLength < MIN_PIECE || pieceLength > MAX_PIECE) {
      throw new InvalidValue("piece length must be in [4 MiB, 64 MiB]");
    }
  }

  private static long countOf(long contentLength, long pieceLength) {
    return contentLength / pieceLength + (contentLength % pieceLength == 0 ? 0 : 1);
  }

  public int count() {
    return (int) countOf(contentLength, pieceLength);
  }

  /// The bytes of a piece; the last piece is the remainder.
  ///
  /// @throws InvalidValue when the content has no such piece
  public ByteRange range(PieceNumber number) {
    if (number.value() >= count()) {
      throw new InvalidValue("the content has " + count() + " pieces");
    }
    long start = number.value() * pieceLength;
    return new ByteRange(start, Math.min(pieceLength, contentLength - start));
  }

  /// First piece that overlaps the range.
  public PieceNumber first(ByteRange range) {
    requireInside(range);
    return new PieceNumber((int) (range.start() / pieceLength));
  }

  /// Last piece that overlaps the range.
  public PieceNumber last(ByteRange range) {
    requireInside(range);
    return new PieceNumber((int) ((Math.min(range.end(), contentLength) - 1) / pieceLength));
  }

  private void requireInside(ByteRange range) {
    if (range.start() >= contentLength) {
      throw new InvalidValue("range must start inside the content");
    }
  }
}
