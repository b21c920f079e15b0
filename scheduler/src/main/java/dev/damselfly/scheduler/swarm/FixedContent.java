package dev.damselfly.scheduler.swarm;

import dev.damselfly.api.error.Field;
import dev.damselfly.api.error.InvalidValue;
import dev.damselfly.api.id.PieceLayout;
import dev.damselfly.api.id.PieceNumber;
import dev.damselfly.api.wire.damselfly.v1.ContentFacts;
import java.util.Optional;
import java.util.OptionalLong;

/// What a swarm knows about its content. Fixed by the first report from the origin; only an unknown length becomes known.
///
/// @param length bytes, absent while unknown
record FixedContent(OptionalLong length, long pieceLength, String etag, String lastModified, boolean ranges) {
  private static final int MAX_VALIDATOR = 1024;

  /// What a later report says beside what is fixed.
  sealed interface Comparison {
    record Same() implements Comparison {}

    /// The length became known.
    record Extended(FixedContent content) implements Comparison {}

    /// The origin has other content now.
    record Contradicts() implements Comparison {}
  }

  static FixedContent of(ContentFacts wire) {
    Field.parse("content.piece_length", () -> requirePieceLength(wire.getPieceLength()));
    requireValidator("content.etag", wire.getEtag());
    requireValidator("content.last_modified", wire.getLastModified());
    var length = wire.hasContentLength() ? OptionalLong.of(wire.getContentLength()) : OptionalLong.empty();
    if (length.isPresent()) {
      Field.parse("content.content_length", () -> new PieceLayout(length.getAsLong(), wire.getPieceLength()));
    }
    return new FixedContent(length, wire.getPieceLength(), wire.getEtag(), wire.getLastModified(), wire.getRanges());
  }

  Comparison compare(FixedContent reported) {
    boolean contradicts =
        reported.pieceLength != pieceLength
            || length.isPresent() && reported.length.isPresent() && !length.equals(reported.length)
            || differ(etag, reported.etag)
            || differ(lastModified, reported.lastModified);
    if (contradicts) {
      return new Comparison.Contradicts();
    }
    if (length.isEmpty() && reported.length.isPresent()) {
      return new Comparison.Extended(new FixedContent(reported.length, pieceLength, etag, lastModified, ranges));
    }
    return new Comparison.Same();
  }

  /// Absent while the length is unknown.
  Optional<PieceLayout> layout() {
    return length.isPresent() ? Optional.of(new PieceLayout(length.getAsLong(), pieceLength)) : Optional.empty();
  }

  /// True when pieces can be leased one by one.
  boolean isDivisible() {
    return ranges && length.isPresent();
  }

  /// Checks number and length of a piece against what is known.
  int requirePiece(int number, long bytes) {
    var piece = PieceNumber.fromUint32(number);
    if (bytes <= 0 || bytes > pieceLength) {
      throw new InvalidValue("length must be that of the piece");
    }
    layout()
        .ifPresent(
            known -> {
              if (known.range(piece).length() != bytes) {
                throw new InvalidValue("length must be that of the piece");
              }
            });
    return number;
  }

  ContentFacts toWire() {
    var wire =
        ContentFacts.newBuilder()
            .setPieceLength(pieceLength)
            .setEtag(etag)
            .setLastModified(lastModified)
            .setRanges(ranges);
    length.ifPresent(wire::setContentLength);
    return wire.build();
  }

  /// A validator that one side does not have says nothing.
  private static boolean differ(String a, String b) {
    return !a.isEmpty() && !b.isEmpty() && !a.equals(b);
  }

  private static long requirePieceLength(long pieceLength) {
    PieceLayout.requirePieceLength(pieceLength);
    return pieceLength;
  }

  private static void requireValidator(String field, String text) {
    Field.parse(
        field,
        () -> {
          if (text.length() > MAX_VALIDATOR) {
            throw new InvalidValue("must have at most " + MAX_VALIDATOR + " characters");
          }
          return text;
        });
  }
}
