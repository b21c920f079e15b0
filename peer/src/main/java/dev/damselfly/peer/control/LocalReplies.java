package dev.damselfly.peer.control;

import com.google.protobuf.MessageLite;
import dev.damselfly.api.error.RequestFailure;
import dev.damselfly.api.error.RequestFailure.OriginRefused;
import dev.damselfly.api.id.ByteRange;
import dev.damselfly.api.wire.local.LocalProtocol;
import dev.damselfly.api.wire.local.v1.Content;
import dev.damselfly.api.wire.local.v1.ExplainReply;
import dev.damselfly.api.wire.local.v1.Failure;
import dev.damselfly.api.wire.local.v1.GetFinished;
import dev.damselfly.api.wire.local.v1.GetStarted;
import dev.damselfly.api.wire.local.v1.LocalReply;
import dev.damselfly.api.wire.local.v1.Progress;
import dev.damselfly.api.wire.local.v1.StatusReply;
import dev.damselfly.peer.download.DownloadListener;
import dev.damselfly.peer.download.Hop;
import dev.damselfly.peer.download.Sources;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;

/// From values to messages of the local protocol. Pure.
final class LocalReplies {
  private static final int MAX_TEXT = 4096;
  private static final int ENVELOPE = 8; // tag and length of a message inside another

  private LocalReplies() {}

  /// With as many tasks as a frame holds, the first ones.
  static LocalReply status(StatusReply status) {
    var fitting = status.toBuilder().clearTasks();
    fitting.addAllTasks(fitting(status.getTasksList(), fitting.build()));
    return LocalReply.newBuilder().setStatus(fitting).build();
  }

  /// With as many rows as a frame holds, the first ones.
  static LocalReply explain(ExplainReply explain) {
    var fitting = explain.toBuilder().clearRows();
    fitting.addAllRows(fitting(explain.getRowsList(), fitting.build()));
    return LocalReply.newBuilder().setExplain(fitting).build();
  }

  private static <T extends MessageLite> List<T> fitting(List<T> rows, MessageLite rest) {
    int room = LocalProtocol.MAX_MESSAGE - rest.getSerializedSize() - ENVELOPE;
    int count = 0;
    for (; count < rows.size(); count++) {
      room -= rows.get(count).getSerializedSize() + ENVELOPE;
      if (room < 0) {
        break;
      }
    }
    return rows.subList(0, count);
  }

  static LocalReply started(String taskId, OptionalLong length, Optional<ByteRange> range) {
    var started = GetStarted.newBuilder().setTaskId(taskId);
    length.ifPresent(started::setContentLength);
    range.ifPresent(
        part -> {
          started.setRangeStart(part.start());
          started.setRangeLength(length.isPresent() ? Math.min(part.length(), length.getAsLong() - part.start()) : part.length());
        });
    return LocalReply.newBuilder().setStarted(started).build();
  }

  /// @param total bytes wanted, when known
  static LocalReply progress(Sources sources, int parents, OptionalLong total) {
    var progress =
        Progress.newBuilder()
            .setBytesDone(sources.total())
            .setFromOrigin(sources.origin())
            .setFromPeers(sources.peers())
            .setFromCache(sources.cache())
            .setFromLegacy(sources.legacy())
            .setParents(parents);
    total.ifPresent(progress::setBytesTotal);
    return LocalReply.newBuilder().setProgress(progress).build();
  }

  static LocalReply content(long offset, int length) {
    return LocalReply.newBuilder().setContent(Content.newBuilder().setOffset(offset).setLength(length)).build();
  }

  static LocalReply finished(String taskId, DownloadListener.Finished finished) {
    return LocalReply.newBuilder()
        .setFinished(
            GetFinished.newBuilder()
                .setTaskId(taskId)
                .setContentLength(finished.contentLength())
                .setFromOrigin(finished.sources().origin())
                .setFromPeers(finished.sources().peers())
                .setFromCache(finished.sources().cache())
                .setFromLegacy(finished.sources().legacy())
                .setElapsedMillis(Math.max(0, finished.elapsed().toMillis()))
                .setParents(finished.parents())
                .addAllVerifiedAgainst(finished.verifiedAgainst())
                .setContentDigest(finished.contentDigest()))
        .build();
  }

  static LocalReply failure(RequestFailure failure, Hop hop) {
    String text = failure.safeText();
    return LocalReply.newBuilder()
        .setFailure(
            Failure.newBuilder()
                .setReason(failure.reason().name())
                .setMessage(text.substring(0, Math.min(text.length(), MAX_TEXT)))
                .setOriginStatus(failure instanceof OriginRefused refused ? refused.status() : 0)
                .setHop(hop.wire()))
        .build();
  }
}
