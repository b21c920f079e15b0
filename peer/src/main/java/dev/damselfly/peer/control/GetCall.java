package dev.damselfly.peer.control;

import dev.damselfly.api.error.Reason;
import dev.damselfly.api.error.RequestFailure;
import dev.damselfly.api.error.RequestFailure.Refused;
import dev.damselfly.api.id.ByteRange;
import dev.damselfly.api.id.PieceNumber;
import dev.damselfly.api.wire.local.v1.GetRequest;
import dev.damselfly.api.wire.local.v1.LocalReply;
import dev.damselfly.authz.audit.Audit;
import dev.damselfly.authz.audit.AuditAction;
import dev.damselfly.authz.audit.AuditEvent;
import dev.damselfly.peer.download.DownloadListener;
import dev.damselfly.peer.download.Downloads;
import dev.damselfly.peer.download.GetSpec;
import dev.damselfly.peer.download.Hop;
import dev.damselfly.peer.download.LocalCaller;
import dev.damselfly.peer.download.Sources;
import dev.damselfly.peer.store.PieceReader;
import dev.damselfly.peer.store.StoredTask;
import java.io.EOFException;
import java.io.IOException;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/// One `get` of a local user: what the session tells comes in on its thread, what the caller gets goes out on the
/// connection's. Content goes from the store's file to the socket; verified pieces only.
final class GetCall implements DownloadListener {
  private static final Duration RECORD_PATIENCE = Duration.ofSeconds(5);

  private final LocalConnection connection;
  private final Audit audit;
  private final LocalCaller caller;
  private final Outgoing outgoing = new Outgoing();
  private volatile @Nullable StoredTask task;
  private volatile StoredTask.@Nullable Pin pin;
  private volatile Optional<ByteRange> range = Optional.empty();
  private volatile OptionalLong total = OptionalLong.empty();

  GetCall(LocalConnection connection, Audit audit, LocalCaller caller) {
    this.connection = connection;
    this.audit = audit;
    this.caller = caller;
  }

  /// Runs the call to its end.
  ///
  /// @throws IOException when the caller is gone
  void run(Downloads downloads, GetRequest request) throws IOException, InterruptedException {
    connection.onGone(outgoing::gone);
    var spec =
        new GetSpec(
            request.getDownload(),
            Duration.ofSeconds(Integer.toUnsignedLong(request.getTimeoutSeconds())),
            request.getOutputLabel());
    try {
      var handle = downloads.get(spec, caller, this);
      try {
        pump();
      } finally {
        handle.close();
      }
    } catch (RequestFailure failure) {
      connection.send(LocalReplies.failure(failure, Hop.of(failure)));
    } finally {
      StoredTask.Pin held = pin;
      if (held != null) {
        held.close();
      }
    }
  }

  private void pump() throws IOException, InterruptedException {
    while (true) {
      switch (outgoing.take()) {
        case Outgoing.Next.Message next -> tell(next.reply());
        case Outgoing.Next.Piece next -> sendPiece(next.number());
        case Outgoing.Next.Last next -> {
          end(next.reply());
          return;
        }
        case Outgoing.Next.Gone _ -> throw new EOFException("the caller is gone");
      }
    }
  }

  /// Progress that is told was made for good: a daemon that is killed now still has it when it comes back.
  private void tell(LocalReply reply) throws IOException, InterruptedException {
    StoredTask of = task;
    if (!reply.hasProgress() || of == null || of.awaitRecorded(RECORD_PATIENCE)) {
      connection.send(reply);
    }
  }

  private void end(LocalReply reply) throws IOException {
    if (reply.hasFinished()) {
      audit.record(
          new AuditEvent(
              AuditAction.EXPORT,
              caller.actor(),
              "task:" + reply.getFinished().getTaskId(),
              AuditEvent.Decision.DONE,
              "",
              "local",
              Map.of(
                  "bytes", Long.toString(reply.getFinished().getContentLength()),
                  "digest", reply.getFinished().getContentDigest())));
    }
    connection.send(reply);
  }

  private void sendPiece(PieceNumber number) throws IOException {
    StoredTask from = task;
    if (from == null) {
      return;
    }
    try (PieceReader piece = from.read(number)) {
      ByteRange bytes = piece.record().range();
      long wantedStart = range.map(ByteRange::start).orElse(0L);
      long start = Math.max(bytes.start(), wantedStart);
      long end = Math.min(bytes.end(), range.map(ByteRange::end).orElse(Long.MAX_VALUE));
      if (start < end) {
        connection.send(LocalReplies.content(start - wantedStart, Math.toIntExact(end - start)));
        connection.transfer(piece.channel(), start, end - start);
      }
    } catch (Refused withdrawn) {
      if (withdrawn.reason() != Reason.TASK_UNKNOWN) { // else: its attestation was withdrawn, it comes again
        throw withdrawn;
      }
    }
  }

  @Override
  public void started(StoredTask stored, OptionalLong contentLength, Optional<ByteRange> wanted) {
    pin = stored.pin();
    task = stored;
    range = wanted;
    contentLength.ifPresent(this::totalOf);
    outgoing.first(LocalReplies.started(stored.id().value(), contentLength, wanted));
  }

  @Override
  public void length(long contentLength) {
    totalOf(contentLength);
  }

  private void totalOf(long contentLength) {
    total =
        OptionalLong.of(
            range.map(part -> Math.max(0, Math.min(part.end(), contentLength) - part.start())).orElse(contentLength));
  }

  @Override
  public void held(PieceNumber number) {
    outgoing.piece(number);
  }

  @Override
  public void progress(Sources sources, int parents) {
    outgoing.progress(LocalReplies.progress(sources, parents, total));
  }

  @Override
  public void finished(Finished finished) {
    StoredTask done = task;
    outgoing.last(LocalReplies.finished(done == null ? "" : done.id().value(), finished));
  }

  @Override
  public void failed(RequestFailure failure, Hop hop) {
    outgoing.last(LocalReplies.failure(failure, hop));
  }
}
