package dev.damselfly.peer.content;

import dev.damselfly.api.error.InvalidValue;
import dev.damselfly.api.id.PieceLayout;
import java.util.Optional;
import java.util.OptionalLong;

/// What the origin said about a resource. Fixed when a task starts; whatever contradicts it later is changed content.
///
/// @param contentLength bytes; absent while unknown (an origin without length, not read to its end)
/// @param pieceLength bytes per piece, 4 MiB..64 MiB
/// @param etag strong entity tag as sent, empty when there is none (weak ones are not kept)
/// @param lastModified as sent, empty when there is none
/// @param ranges the origin answers byte ranges
public record ContentFacts(OptionalLong contentLength, long pieceLength, String etag, String lastModified, boolean ranges) {
  private static final int MAX_VALIDATOR = 1024;

  public ContentFacts {
    PieceLayout.requirePieceLength(pieceLength);
    if (contentLength.isPresent() && (contentLength.getAsLong() < 0 || contentLength.getAsLong() > PieceLayout.MAX_CONTENT)) {
      throw new InvalidValue("content length must be in [0, 2^46]");
    }
    if (etag.length() > MAX_VALIDATOR || lastModified.length() > MAX_VALIDATOR) {
      throw new InvalidValue("validators have at most 1024 characters");
    }
  }

  /// Present once the length is known.
  public Optional<PieceLayout> layout() {
    return contentLength.isPresent() ? Optional.of(new PieceLayout(contentLength.getAsLong(), pieceLength)) : Optional.empty();
  }

  /// Whether the other facts are of different content. Unknown length contradicts no length.
  public boolean contradicts(ContentFacts other) {
    boolean lengthDiffers =
        contentLength.isPresent() && other.contentLength.isPresent() && contentLength.getAsLong() != other.contentLength.getAsLong();
    return lengthDiffers
        || pieceLength != other.pieceLength
        || !etag.equals(other.etag)
        || (etag.isEmpty() && !lastModified.equals(other.lastModified));
  }

  public ContentFacts withLength(long length) {
    return new ContentFacts(OptionalLong.of(length), pieceLength, etag, lastModified, ranges);
  }
}
