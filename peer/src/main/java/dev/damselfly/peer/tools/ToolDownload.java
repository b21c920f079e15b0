package dev.damselfly.peer.tools;

import com.google.errorprone.annotations.MustBeClosed;
import dev.damselfly.api.error.Field;
import dev.damselfly.api.error.InvalidValue;
import dev.damselfly.api.error.Reason;
import dev.damselfly.api.error.RequestFailure;
import dev.damselfly.api.error.RequestFailure.Malformed;
import dev.damselfly.api.error.RequestFailure.Refused;
import dev.damselfly.api.id.ByteRange;
import dev.damselfly.api.id.PieceNumber;
import dev.damselfly.api.wire.common.v2.Download;
import dev.damselfly.api.wire.common.v2.Range;
import dev.damselfly.api.wire.dfdaemon.v2.DownloadTaskResponse;
import dev.damselfly.api.wire.http.RangeHeader;
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
import io.grpc.stub.ServerCallStreamObserver;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.time.InstantSource;
import java.util.BitSet;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// One download of a tool: what the session tells comes in on its thread, what the caller hears goes out on the call's.
/// Verified pieces only, one at a time.
public final class ToolDownload implements DownloadListener {
  private static final Logger LOG = LoggerFactory.getLogger(ToolDownload.class);
  private static final Duration STALL = Duration.ofMinutes(5);
  private static final String TIMEOUT_RULE = "must be in [1 s, 7 d]";

  private final Parts parts;
  private final LocalCaller caller;
  private final ServerCallStreamObserver<DownloadTaskResponse> out;
  private final Download asked;
  private final Told told = new Told();
  private final BitSet reported = new BitSet();
  private final ToolReplies replies;
  private volatile @Nullable StoredTask task;
  private volatile StoredTask.@Nullable Pin pin;
  private volatile Optional<ByteRange> range = Optional.empty();

  /// What all downloads work with.
  ///
  /// @param hostId id of this host
  /// @param threads runs each download; it may block there for as long as the download takes
  public record Parts(
      Downloads downloads,
      OutputPlaces outputs,
      InlineBudget budget,
      Audit audit,
      InstantSource clock,
      String hostId,
      Executor threads) {}

  ToolDownload(
      Parts parts, LocalCaller caller, ServerCallStreamObserver<DownloadTaskResponse> out, Download asked) {
    this.parts = parts;
    this.caller = caller;
    this.out = out;
    this.asked = asked;
    this.replies = new ToolReplies(parts.hostId(), parts.clock().instant());
  }

  /// Returns at once. Called by the handler of the call, before anything is sent.
  void start() {
    out.setOnReadyHandler(told::ready);
    out.setOnCancelHandler(told::gone);
    parts.threads().execute(this::run);
  }

  private void run() {
    try {
      deliver();
      out.onCompleted();
    } catch (Told.Gone e) {
      fail(new Refused(Reason.CANCELLED, "daemon: the caller took nothing for too long"));
    } catch (IOException | UncheckedIOException e) {
      LOG.warn("an output or the store failed", e);
      fail(new Refused(Reason.NO_SPACE, "daemon: the output could not be written, or the store not read; see its log"));
    } catch (Audit.AuditUnavailable e) {
      LOG.error("the audit log takes no records", e);
      fail(new Refused(Reason.BACKEND_DOWN, "daemon: its audit log takes no records; see its log"));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      fail(new Refused(Reason.CANCELLED, "daemon: it is being stopped"));
    } catch (RuntimeException e) { // top of a thread: the guard knows failures, and reports the others
      fail(e);
    }
  }

  private void fail(RuntimeException why) {
    if (!out.isCancelled()) { // else nobody hears it
      out.onError(why);
    }
  }

  private void deliver() throws IOException, InterruptedException, Told.Gone {
    var spec = new GetSpec(ranged(), timeout(), "");
    try (PieceSink sink = sink();
        var handle = parts.downloads().get(spec, caller, this)) {
      assert handle.task() != null;
      pump(sink);
    } finally {
      StoredTask.Pin held = pin;
      if (held != null) {
        held.close();
      }
    }
  }

  @MustBeClosed
  private PieceSink sink() {
    if (asked.getNeedPieceContent()) {
      return new InlineSink(parts.budget(), caller.actor(), STALL);
    }
    return asked.hasOutputPath() ? parts.outputs().open(asked.getOutputPath(), asked.getOverwrite()) : PieceSink.ofCache();
  }

  /// The request without what is not for the session, and with the part that a `Range` header asks for.
  private Download ranged() {
    Download plain = asked.toBuilder().clearOutputPath().clearOverwrite().clearRemoteIp().build();
    Optional<RangeHeader> header =
        asked.getRequestHeaderMap().entrySet().stream()
            .filter(entry -> entry.getKey().equalsIgnoreCase("range"))
            .map(entry -> parse(entry.getValue()))
            .findFirst();
    if (plain.hasRange() || header.isEmpty()) {
      return plain;
    }
    long length =
        parts
            .downloads()
            .stat(new GetSpec(plain, timeout(), ""), caller)
            .flatMap(facts -> facts.contentLength().stream().boxed().findFirst())
            .orElseThrow(() -> unsatisfiable("the content has no known length"));
    ByteRange part = header.get().resolve(length).orElseThrow(() -> unsatisfiable("must start inside the content"));
    return plain.toBuilder().setRange(Range.newBuilder().setStart(part.start()).setLength(part.length())).build();
  }

  private static RangeHeader parse(String value) {
    try {
      return RangeHeader.parse(value);
    } catch (InvalidValue e) {
      throw unsatisfiable(e.rule());
    }
  }

  private static Refused unsatisfiable(String rule) {
    return new Refused(Reason.RANGE_UNSATISFIABLE, "RangeUnsatisfiable: download.range: " + rule);
  }

  private Duration timeout() {
    if (!asked.hasTimeout()) {
      return Duration.ZERO;
    }
    var given = asked.getTimeout();
    if (given.getSeconds() < 0 || given.getNanos() < 0 || given.getNanos() > 999_999_999) {
      throw new Malformed("download.timeout", TIMEOUT_RULE);
    }
    return Field.parse("download.timeout", () -> exact(given.getSeconds(), given.getNanos()));
  }

  private static Duration exact(long seconds, int nanos) {
    if (seconds > Duration.ofDays(7).toSeconds()) {
      throw new InvalidValue(TIMEOUT_RULE);
    }
    return Duration.ofSeconds(seconds, nanos);
  }

  private void pump(PieceSink sink) throws IOException, InterruptedException, Told.Gone {
    while (true) {
      switch (told.take()) {
        case Told.Next.Begin(long length) -> out.onNext(replies.started(held(), length, range));
        case Told.Next.Piece(PieceNumber number) -> send(number, sink);
        case Told.Next.End(Finished finished) -> {
          sink.finish(finished.contentLength());
          record(finished);
          return;
        }
        case Told.Next.Failed(RequestFailure failure) -> {
          if (told.hasBegun()) {
            sink.leaveToCaller();
          }
          throw failure;
        }
      }
    }
  }

  private StoredTask held() {
    StoredTask now = task;
    if (now == null) {
      throw new IllegalStateException("a session tells its task first");
    }
    return now;
  }

  private void send(PieceNumber number, PieceSink sink) throws IOException, InterruptedException, Told.Gone {
    told.await(out::isReady, STALL);
    try (PieceReader piece = held().read(number)) {
      var content = sink.take(piece);
      if (!reported.get(number.value())) { // one that comes again was told
        reported.set(number.value());
        out.onNext(replies.piece(held(), piece.record(), content));
      }
    } catch (Refused withdrawn) {
      if (withdrawn.reason() != Reason.TASK_UNKNOWN) { // else: its attestation was withdrawn, it comes again
        throw withdrawn;
      }
    }
  }

  private void record(Finished finished) {
    parts
        .audit()
        .record(
            new AuditEvent(
                AuditAction.EXPORT,
                caller.actor(),
                "task:" + held().id(),
                AuditEvent.Decision.DONE,
                "",
                "local",
                Map.of("bytes", Long.toString(finished.contentLength()), "digest", finished.contentDigest())));
  }

  @Override
  public void started(StoredTask stored, OptionalLong contentLength, Optional<ByteRange> wanted) {
    pin = stored.pin();
    range = wanted;
    task = stored;
    told.started();
  }

  @Override
  public void length(long contentLength) {
    told.length(contentLength);
  }

  @Override
  public void held(PieceNumber number) {
    told.piece(number);
  }

  @Override
  public void progress(Sources sources, int parents) {
    // pieces tell
  }

  @Override
  public void finished(Finished finished) {
    told.length(finished.contentLength());
    told.finished(finished);
  }

  @Override
  public void failed(RequestFailure failure, Hop hop) {
    told.failed(failure);
  }
}
