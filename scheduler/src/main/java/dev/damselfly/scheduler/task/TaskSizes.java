package dev.damselfly.scheduler.task;

import dev.damselfly.api.error.Field;
import dev.damselfly.api.error.InvalidValue;
import dev.damselfly.api.id.PieceLayout;
import dev.damselfly.api.id.PieceNumber;
import dev.damselfly.api.wire.common.v2.Download;
import dev.damselfly.api.wire.common.v2.SizeScope;

/// Sizes of a task's content.
///
/// @param contentLength bytes, -1 while unknown
/// @param pieceLength bytes, 0 while unknown
/// @param pieceCount 0 while unknown
public record TaskSizes(long contentLength, long pieceLength, int pieceCount) {
  public static final TaskSizes UNKNOWN = new TaskSizes(-1, 0, 0);

  private static final int TINY = 128;

  /// From the registration that creates a task. Absent sizes are unknown, not zero.
  public static TaskSizes of(Download download) {
    if (!download.hasActualContentLength()) {
      return UNKNOWN;
    }
    return Field.parse("download.actual_content_length", () -> checked(download));
  }

  public static TaskSizes of(PieceLayout layout) {
    return new TaskSizes(layout.contentLength(), layout.pieceLength(), layout.count());
  }

  private static TaskSizes checked(Download download) {
    long content = download.getActualContentLength();
    if (content == 0) {
      return new TaskSizes(0, download.getActualPieceLength(), 0);
    }
    var layout = new PieceLayout(content, download.getActualPieceLength());
    if (download.getActualPieceCount() != layout.count()) {
      throw new InvalidValue("content length, piece length and piece count must fit each other");
    }
    return of(layout);
  }

  public SizeScope scope() {
    if (contentLength < 0 || pieceCount < 0) {
      return SizeScope.UNKNOW;
    }
    if (contentLength == 0) {
      return SizeScope.EMPTY;
    }
    if (contentLength <= TINY) {
      return SizeScope.TINY;
    }
    return pieceCount == 1 ? SizeScope.SMALL : SizeScope.NORMAL;
  }

  /// Checks a reported piece (B-18, wire-api bounds): number, offset and length fit the layout as far as it is known.
  public PieceNumber requirePiece(int number, long offset, long length) {
    var piece = PieceNumber.fromUint32(number);
    if (offset < 0 || length < 0 || length > PieceLayout.MAX_PIECE) {
      throw new InvalidValue("offset and length must be those of the piece");
    }
    if (contentLength > 0 && pieceLength > 0) {
      var range = new PieceLayout(contentLength, pieceLength).range(piece);
      if (range.start() != offset || range.length() != length) {
        throw new InvalidValue("offset and length must be those of the piece");
      }
    }
    return piece;
  }
}
