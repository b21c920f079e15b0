package dev.damselfly.peer.download;

import dev.damselfly.api.error.InvalidValue;
import dev.damselfly.api.error.Reason;
import dev.damselfly.api.error.RequestFailure;
import dev.damselfly.api.error.RequestFailure.Malformed;
import dev.damselfly.api.error.RequestFailure.Refused;
import dev.damselfly.api.id.PieceNumber;
import dev.damselfly.api.wire.common.v2.Download;
import dev.damselfly.peer.content.ContentFacts;
import dev.damselfly.peer.content.PieceRecord;
import dev.damselfly.peer.origin.OriginRequest;
import dev.damselfly.peer.store.StoredTask;
import dev.damselfly.peer.time.Timer;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.function.Consumer;

/// The callers of a session: tells each what it waits for, and when it is done. Confined to the session's thread.
final class Callers {
  private final StoredTask task;
  private final Timer timer;
  private final Consumer<SessionEvent> session;
  private final List<Interest> waiting = new ArrayList<>();
  private Download priorities = Download.getDefaultInstance();
  private boolean served;

  Callers(StoredTask task, Timer timer, Consumer<SessionEvent> session) {
    this.task = task;
    this.timer = timer;
    this.session = session;
  }

  /// Starts a caller's part; what is held already comes from the cache.
  void add(Interest interest) {
    waiting.add(interest);
    priorities = interest.asked.priorities();
    interest.until(timer.after(interest.asked.timeout(), () -> session.accept(new SessionEvent.TooLate(interest))));
  }

  /// Tells a caller that it was admitted, and what is held already.
  void begin(Interest interest) {
    if (interest.isOver()) {
      return;
    }
    interest.listener.started(task, task.facts().map(ContentFacts::contentLength).orElse(OptionalLong.empty()), interest.range());
    if (interest.range().isEmpty()) {
      interest.digest().ifPresent(task::hashAhead);
    }
    task.records().forEach(piece -> interest.held(piece, true));
    interest.progress();
  }

  void remove(Interest interest) {
    interest.forget();
    if (waiting.remove(interest)) {
      served = false;
    }
  }

  int size() {
    return waiting.size();
  }

  boolean isEmpty() {
    return waiting.isEmpty();
  }

  boolean isSole(Interest interest) {
    return waiting.size() == 1 && waiting.contains(interest);
  }

  /// The last caller that went had what it wanted.
  boolean lastOneWasServed() {
    return served;
  }

  void markServed() {
    served = true;
  }

  Download priorities() {
    return priorities;
  }

  Wants wants() {
    return Wants.of(waiting, task.facts().map(ContentFacts::contentLength).orElse(OptionalLong.empty()));
  }

  void want(Pieces pieces) {
    pieces.wantNothing();
    waiting.forEach(interest -> pieces.want(interest.range()));
  }

  /// A request whose credentials the origin accepted, of the caller that came last.
  Optional<OriginRequest> originRequest() {
    return waiting.reversed().stream().filter(i -> i.asked.mayUseOrigin()).map(i -> i.asked.origin()).findFirst();
  }

  /// Once the content is known, each caller waits for exactly its pieces.
  void settle(Pieces pieces) {
    if (pieces.layout().isEmpty()) {
      return;
    }
    for (Interest interest : List.copyOf(waiting)) {
      if (!interest.isResolved()) {
        settle(interest, pieces);
      }
    }
    want(pieces);
  }

  private void settle(Interest interest, Pieces pieces) {
    long length = pieces.layout().orElseThrow().contentLength();
    if (interest.range().isPresent() && interest.digest().isPresent() && !task.complete()) {
      failOne(
          interest,
          new Malformed("download.digest", "a digest of the whole content cannot be checked on a part of it"),
          Hop.CALLER);
      return;
    }
    try {
      interest.resolve(interest.range().isPresent() ? pieces.of(interest.range().get()) : pieces.all());
    } catch (InvalidValue beyond) {
      failOne(interest, new Refused(Reason.RANGE_UNSATISFIABLE, "download.range: must start inside the content"), Hop.CALLER);
      return;
    }
    interest.listener.length(length);
  }

  void held(PieceRecord piece) {
    for (Interest interest : waiting) {
      interest.held(piece, false);
      interest.progress();
    }
  }

  void withdrawn(List<PieceNumber> numbers) {
    waiting.forEach(interest -> numbers.forEach(interest::withdrawn));
  }

  /// Step 8: who has every piece is done, after the digest of the whole content was compared.
  void finish() {
    for (Interest interest : List.copyOf(waiting)) {
      if (!interest.hasEverything()) {
        continue;
      }
      if (interest.digest().isEmpty()) {
        finished(interest);
      } else if (interest.beginComparing()) {
        Thread.ofVirtual().name("digest-" + task.id().value().substring(0, 8)).start(() -> compare(interest));
      }
    }
  }

  private void compare(Interest interest) {
    try {
      session.accept(new SessionEvent.Compared(interest, task.matches(interest.digest().orElseThrow())));
    } catch (IllegalStateException withdrawn) {
      session.accept(new SessionEvent.NotCompared(interest)); // a piece went away meanwhile: it comes again
    } catch (UncheckedIOException | RequestFailure e) {
      session.accept(new SessionEvent.Broken(new Refused(Reason.NO_SPACE, "daemon: the store could not be read; see its log")));
    }
  }

  void finished(Interest interest) {
    if (waiting.remove(interest)) {
      served = true;
      interest.finish(Finish.of(task, interest, Duration.ofNanos(timer.nanos() - interest.startedNanos)));
    }
  }

  void failOne(Interest interest, RequestFailure failure, Hop hop) {
    if (waiting.remove(interest)) {
      served = false;
      interest.fail(failure, hop);
    }
  }

  void fail(RequestFailure failure, Hop hop) {
    List.copyOf(waiting).forEach(interest -> failOne(interest, failure, hop));
    served = false;
  }
}
