package dev.damselfly.peer.download;

import dev.damselfly.api.error.Reason;
import dev.damselfly.api.error.RequestFailure;
import dev.damselfly.api.error.RequestFailure.OriginRefused;
import dev.damselfly.api.error.RequestFailure.Refused;
import dev.damselfly.api.id.PieceLayout;
import dev.damselfly.peer.content.PieceRecord;
import dev.damselfly.peer.download.Downloads.Handle;
import dev.damselfly.peer.legacy.Cancel;
import dev.damselfly.peer.legacy.LegacyParents;
import dev.damselfly.peer.origin.Credentials;
import dev.damselfly.peer.store.PieceStore;
import dev.damselfly.peer.store.StoredTask;
import dev.damselfly.peer.time.Timer;
import java.time.Duration;
import java.util.BitSet;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Downloads that may come from hosts without an identity: tried before a session begins, apart from all sessions. Only
/// what the caller's digest proved is ever told to the caller; otherwise the download goes the usual way. Thread-safe.
final class LegacyRoom implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(LegacyRoom.class);
  private static final int MAX_ATTEMPTS = 64;
  private static final Duration STOP_DEADLINE = Duration.ofSeconds(5);

  /// From this status on the origin said that it has a problem itself; below, it said no.
  private static final int FIRST_TROUBLE = 500;

  private final LegacyParents parents;
  private final Timer timer;
  private final PieceStore store;
  private final Set<Attempt> attempts = ConcurrentHashMap.newKeySet();

  /// @param length by the origin's word
  /// @param hasOrigin there is another way to the content
  record Request(
      Admission asked, LocalCaller caller, DownloadListener listener, OptionalLong length, boolean hasOrigin, long started) {}

  LegacyRoom(LegacyParents parents, Timer timer, PieceStore store) {
    this.parents = parents;
    this.timer = timer;
    this.store = store;
  }

  /// Whole public content with a digest.
  static boolean suits(Admission asked) {
    return asked.digest().isPresent()
        && asked.range().isEmpty()
        && !Credentials.present(asked.tuple(), asked.origin().headers());
  }

  /// The origin did not say no: it did not answer, or could not.
  static boolean isSilent(OriginRefused failure) {
    return failure.status() == 0 || failure.status() >= FIRST_TROUBLE;
  }

  /// Begins, unless too many have begun. What happens is told to the listener.
  ///
  /// @param otherwise goes on the usual way when nothing was proven; may fail
  Handle start(Request request, Supplier<Handle> otherwise) {
    if (attempts.size() >= MAX_ATTEMPTS) {
      return otherwise.get();
    }
    var attempt = new Attempt(request, otherwise);
    attempts.add(attempt);
    attempt.thread.start();
    return new Handle(request.asked().tuple().id(), attempt::leave);
  }

  @Override
  public void close() {
    var running = List.copyOf(attempts);
    running.forEach(attempt -> attempt.stop(new Refused(Reason.CANCELLED, "daemon: it is being stopped")));
    try {
      for (Attempt attempt : running) {
        attempt.thread.join(STOP_DEADLINE);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private final class Attempt {
    private final Request request;
    private final Supplier<Handle> otherwise;
    private final Cancel cancel = new Cancel();
    private final Thread thread;
    private boolean gone;
    private @Nullable RequestFailure stopped;
    private @Nullable Handle next;

    Attempt(Request request, Supplier<Handle> otherwise) {
      this.request = request;
      this.otherwise = otherwise;
      this.thread =
          Thread.ofVirtual().name("legacy-" + request.asked().tuple().id().value().substring(0, 8)).unstarted(this::run);
    }

    private void run() {
      var late =
          timer.after(
              request.asked().timeout(),
              () -> stop(new Refused(Reason.TIMED_OUT, "daemon: the download did not end within its time")));
      try {
        attempt();
      } catch (RequestFailure failure) {
        tell(failure, Hop.of(failure));
      } catch (RuntimeException e) { // top of a thread
        LOG.error("a fetch from a host without identity ended by a bug", e);
        tell(new Refused(Reason.INTERNAL, "daemon: an internal error; see its log"), Hop.DAEMON);
      } finally {
        late.cancel();
        attempts.remove(this);
      }
    }

    private void attempt() {
      Admission asked = request.asked();
      var wanted =
          new LegacyParents.Wanted(
              asked.tuple(), asked.digest().orElseThrow(), request.length(), request.hasOrigin(), request.caller().actor());
      Optional<LegacyParents.Proven> proven = parents.fetch(wanted, cancel);
      RequestFailure why = stopped();
      if (why != null) {
        tell(why, Hop.DAEMON);
      } else if (isGone()) {
        return;
      } else if (proven.isPresent()) {
        deliver(proven.get());
      } else {
        goOn();
      }
    }

    private void goOn() {
      Handle usual = otherwise.get();
      synchronized (this) {
        if (!gone) {
          next = usual;
          return;
        }
      }
      usual.close();
    }

    private void deliver(LegacyParents.Proven proven) {
      StoredTask task = proven.task();
      try (var _ = task.pin()) {
        Admission asked = request.asked();
        PieceLayout layout = task.facts().orElseThrow().layout().orElseThrow();
        var interest = new Interest(asked, request.caller(), request.listener(), Optional.empty(), request.started());
        request.listener().started(task, OptionalLong.of(layout.contentLength()), Optional.empty());
        var all = new BitSet();
        all.set(0, layout.count());
        interest.resolve(all);
        request.listener().length(layout.contentLength());
        for (PieceRecord piece : task.records()) {
          interest.held(piece, !proven.fresh());
        }
        interest.progress();
        store.notes().put(task, Finish.DIGEST_NOTE, asked.digest().orElseThrow().toString());
        if (!asked.label().isEmpty()) {
          store.notes().label(task, asked.label());
        }
        interest.finish(Finish.of(task, interest, Duration.ofNanos(timer.nanos() - request.started())));
      }
    }

    private void tell(RequestFailure failure, Hop hop) {
      if (!isGone()) {
        request.listener().failed(failure, hop);
      }
    }

    private synchronized @Nullable RequestFailure stopped() {
      return stopped;
    }

    private synchronized boolean isGone() {
      return gone;
    }

    void stop(RequestFailure why) {
      synchronized (this) {
        stopped = why;
      }
      cancel.cancel();
    }

    void leave() {
      Handle usual;
      synchronized (this) {
        gone = true;
        usual = next;
      }
      cancel.cancel();
      if (usual != null) {
        usual.close();
      }
    }
  }
}
