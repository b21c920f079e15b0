package dev.damselfly.peer.download;

import dev.damselfly.api.error.RequestFailure;
import dev.damselfly.api.id.ByteRange;
import dev.damselfly.api.id.PieceNumber;
import dev.damselfly.api.wire.common.v2.Download;
import dev.damselfly.api.wire.common.v2.Piece;
import dev.damselfly.api.wire.dfdaemon.v2.DownloadPieceFinishedResponse;
import dev.damselfly.api.wire.dfdaemon.v2.DownloadTaskResponse;
import dev.damselfly.api.wire.dfdaemon.v2.DownloadTaskStartedResponse;
import dev.damselfly.authz.guard.Callers;
import dev.damselfly.peer.store.StoredTask;
import dev.damselfly.peer.upload.DownloadTaskStream;
import dev.damselfly.peer.upload.SeedDownloads;
import java.time.Duration;
import java.util.Optional;
import java.util.OptionalLong;

/// Downloads that a scheduler asks for: the same sessions as those of local callers. Thread-safe.
public record SeedFetches(Downloads downloads, String hostId) implements SeedDownloads {
  @Override
  public void start(Download download, DownloadTaskStream out) {
    var listener = new Relay(hostId, out);
    var handle =
        downloads.getForSwarm(new GetSpec(download, Duration.ZERO, ""), LocalCaller.ofScheduler(Callers.current().id()), listener);
    out.onGone(handle::close);
  }

  /// Tells the scheduler's stream what the session tells its callers.
  private static final class Relay implements DownloadListener {
    private final String hostId;
    private final DownloadTaskStream out;
    private Optional<StoredTask> task = Optional.empty();

    Relay(String hostId, DownloadTaskStream out) {
      this.hostId = hostId;
      this.out = out;
    }

    @Override
    public void started(StoredTask stored, OptionalLong contentLength, Optional<ByteRange> range) {
      task = Optional.of(stored);
      out.progress(
          message(stored)
              .setDownloadTaskStartedResponse(
                  DownloadTaskStartedResponse.newBuilder().setContentLength(contentLength.orElse(0)))
              .build());
    }

    @Override
    public void length(long contentLength) {
      // each piece says where it lies; the scheduler learns the length from the swarm
    }

    @Override
    public void held(PieceNumber number) {
      task.flatMap(stored -> stored.record(number))
          .ifPresent(
              piece ->
                  out.progress(
                      message(task.get())
                          .setDownloadPieceFinishedResponse(
                              DownloadPieceFinishedResponse.newBuilder()
                                  .setPiece(
                                      Piece.newBuilder()
                                          .setNumber(number.value())
                                          .setOffset(piece.range().start())
                                          .setLength(piece.range().length())
                                          .setDigest(piece.crc32())))
                          .build()));
    }

    @Override
    public void progress(Sources sources, int parents) {
      // pieces tell
    }

    @Override
    public void finished(Finished finished) {
      out.done();
    }

    @Override
    public void failed(RequestFailure failure, Hop hop) {
      out.failed(failure);
    }

    private DownloadTaskResponse.Builder message(StoredTask stored) {
      return DownloadTaskResponse.newBuilder().setHostId(hostId).setTaskId(stored.id().value()).setPeerId(hostId);
    }
  }
}
