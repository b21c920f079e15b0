package dev.damselfly.peer.tools;

import com.google.protobuf.ByteString;
import com.google.protobuf.Duration;
import com.google.protobuf.Timestamp;
import dev.damselfly.api.id.ByteRange;
import dev.damselfly.api.id.PieceLayout;
import dev.damselfly.api.id.PieceNumber;
import dev.damselfly.api.wire.common.v2.Piece;
import dev.damselfly.api.wire.common.v2.Range;
import dev.damselfly.api.wire.common.v2.TrafficType;
import dev.damselfly.api.wire.dfdaemon.v2.DownloadPieceFinishedResponse;
import dev.damselfly.api.wire.dfdaemon.v2.DownloadTaskResponse;
import dev.damselfly.api.wire.dfdaemon.v2.DownloadTaskStartedResponse;
import dev.damselfly.peer.content.ContentFacts;
import dev.damselfly.peer.content.PieceRecord;
import dev.damselfly.peer.content.PieceSource;
import dev.damselfly.peer.store.StoredTask;
import java.time.Instant;
import java.util.Optional;
import java.util.UUID;

/// From values to the messages of one download. Pure, but for the id that it draws.
final class ToolReplies {
  private final String hostId;
  private final String peerId;
  private final Instant since;

  /// @param since when the caller asked: what was held before is from the cache
  ToolReplies(String hostId, Instant since) {
    this.hostId = hostId;
    this.peerId = hostId + "-" + UUID.randomUUID();
    this.since = since;
  }

  /// Names every piece that the caller will hear of.
  DownloadTaskResponse started(StoredTask task, long length, Optional<ByteRange> range) {
    var started = DownloadTaskStartedResponse.newBuilder().setContentLength(length).setIsFinished(task.complete());
    range.ifPresent(
        part ->
            started.setRange(
                Range.newBuilder().setStart(part.start()).setLength(Math.min(part.length(), length - part.start()))));
    task.facts()
        .ifPresent(
            facts -> {
              tell(started, facts, length);
              expect(started, new PieceLayout(length, facts.pieceLength()), range);
            });
    return message(task).setDownloadTaskStartedResponse(started).build();
  }

  private static void tell(DownloadTaskStartedResponse.Builder started, ContentFacts facts, long length) {
    started.putResponseHeader("content-length", Long.toString(length));
    if (!facts.etag().isEmpty()) {
      started.putResponseHeader("etag", facts.etag());
    }
    if (!facts.lastModified().isEmpty()) {
      started.putResponseHeader("last-modified", facts.lastModified());
    }
  }

  private void expect(DownloadTaskStartedResponse.Builder started, PieceLayout layout, Optional<ByteRange> range) {
    if (layout.count() == 0) {
      return;
    }
    int first = range.map(layout::first).map(PieceNumber::value).orElse(0);
    int last = range.map(layout::last).map(PieceNumber::value).orElse(layout.count() - 1);
    for (int number = first; number <= last; number++) {
      ByteRange bytes = layout.range(new PieceNumber(number));
      started.addPieces(
          Piece.newBuilder()
              .setNumber(number)
              .setOffset(bytes.start())
              .setLength(bytes.length())
              .setCreatedAt(timestamp(since)));
    }
  }

  DownloadTaskResponse piece(StoredTask task, PieceRecord record, Optional<ByteString> content) {
    var piece =
        Piece.newBuilder()
            .setNumber(record.number().value())
            .setOffset(record.range().start())
            .setLength(record.range().length())
            .setDigest(record.crc32())
            .setCost(Duration.getDefaultInstance())
            .setCreatedAt(timestamp(record.at()));
    boolean cached = record.at().isBefore(since);
    switch (record.source()) {
      case PieceSource.Origin _ ->
          piece.setTrafficType(cached ? TrafficType.LOCAL_PEER : TrafficType.BACK_TO_SOURCE);
      case PieceSource.Parent parent -> {
        piece.setTrafficType(cached ? TrafficType.LOCAL_PEER : TrafficType.REMOTE_PEER);
        piece.setParentId(parent.peerId());
      }
      case PieceSource.Legacy _ -> piece.setTrafficType(cached ? TrafficType.LOCAL_PEER : TrafficType.REMOTE_PEER);
    }
    content.ifPresent(piece::setContent);
    return message(task)
        .setDownloadPieceFinishedResponse(DownloadPieceFinishedResponse.newBuilder().setPiece(piece))
        .build();
  }

  private DownloadTaskResponse.Builder message(StoredTask task) {
    return DownloadTaskResponse.newBuilder().setHostId(hostId).setTaskId(task.id().value()).setPeerId(peerId);
  }

  private static Timestamp timestamp(Instant at) {
    return Timestamp.newBuilder().setSeconds(at.getEpochSecond()).setNanos(at.getNano()).build();
  }
}
