package dev.damselfly.scheduler.announce;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.damselfly.api.error.Field;
import dev.damselfly.api.error.InvalidValue;
import dev.damselfly.api.error.Reason;
import dev.damselfly.api.error.RequestFailure;
import dev.damselfly.api.error.RequestFailure.Malformed;
import dev.damselfly.api.error.RequestFailure.Refused;
import dev.damselfly.api.wire.common.v2.Peer;
import dev.damselfly.api.wire.scheduler.v2.AnnouncePeerRequest;
import dev.damselfly.api.wire.scheduler.v2.AnnouncePeerResponse;
import dev.damselfly.api.wire.scheduler.v2.DownloadPieceFailedRequest;
import dev.damselfly.api.wire.scheduler.v2.EmptyTaskResponse;
import dev.damselfly.api.wire.scheduler.v2.MetadataOnlyResponse;
import dev.damselfly.api.wire.scheduler.v2.NeedBackToSourceResponse;
import dev.damselfly.api.wire.scheduler.v2.NormalTaskResponse;
import dev.damselfly.api.wire.scheduler.v2.ReschedulePeerRequest;
import dev.damselfly.authz.identity.Caller;
import dev.damselfly.scheduler.announce.Announcements.Scope;
import dev.damselfly.scheduler.parent.ParentSelection;
import dev.damselfly.scheduler.stream.Outbox;
import dev.damselfly.scheduler.stream.Sink;
import dev.damselfly.scheduler.task.PeerEvent;
import dev.damselfly.scheduler.task.Task;
import dev.damselfly.scheduler.time.Timer;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// One AnnouncePeer stream. Messages come from the transport one by one, rounds from the timer; both work under the
/// session's lock and write after it is released. No thread waits here.
final class AnnounceSession {
  private static final Logger LOG = LoggerFactory.getLogger(AnnounceSession.class);
  private static final int OUTBOX = 16;
  private static final int MAX_ECHOED = 20;

  private final Scope scope;
  private final Caller caller;
  private final Outbox<AnnouncePeerResponse> outbox;

  @GuardedBy("this")
  private @Nullable Registration registration;

  @GuardedBy("this")
  private Timer.Alarm alarm = () -> {};

  @GuardedBy("this")
  private boolean ended;

  AnnounceSession(Scope scope, Caller caller, Sink<AnnouncePeerResponse> sink) {
    this.scope = scope;
    this.caller = caller;
    this.outbox = new Outbox<>(sink, OUTBOX);
  }

  void receive(AnnouncePeerRequest request) {
    synchronized (this) {
      if (ended) {
        return; // a message that crossed the end of the stream
      }
      Registration known = registration;
      if (known == null) {
        register(request);
      } else {
        requireSameIds(request, known);
        handle(request, known);
      }
    }
    outbox.drain();
  }

  /// Ends the stream with an error; a registered peer is Failed then.
  void fail(RequestFailure failure) {
    synchronized (this) {
      if (ended) {
        return;
      }
      if (registration != null) {
        registration.task().tryFire(registration.peerId(), PeerEvent.DOWNLOAD_FAILED);
      }
      outbox.fail(failure);
      end();
    }
    outbox.drain();
  }

  /// The child says nothing more: the stream ends, the peer stays as it is.
  void halfClosed() {
    synchronized (this) {
      if (!ended) {
        outbox.complete();
        end();
      }
    }
    outbox.drain();
  }

  /// The transport is gone: the peer stays as it is until garbage collection.
  void lost() {
    synchronized (this) {
      outbox.abandon();
      end();
    }
  }

  /// The call is over. When a check before us refused a message, this is all we hear; an end of our own is known.
  void closed() {
    if (!outbox.isEnding()) {
      lost();
    }
  }

  void ready() {
    outbox.drain();
  }

  @GuardedBy("this")
  private void end() {
    ended = true;
    alarm.cancel();
    Registration known = registration;
    if (known != null) {
      known.finish();
      known.task().release(known.peerId(), this);
    }
  }

  @GuardedBy("this")
  private void register(AnnouncePeerRequest request) {
    if (!request.hasRegisterPeerRequest()) {
      throw new Refused(Reason.WRONG_STATE, "the first message of the stream registers the peer");
    }
    var registered = Registration.of(request, caller, scope, this);
    registration = registered;
    if (registered.isMetadataOnly()) {
      registered.task().begin();
      registered.task().fire(registered.peerId(), PeerEvent.REGISTER_NORMAL);
      registered.finish();
      send(AnnouncePeerResponse.newBuilder().setMetadataOnlyResponse(MetadataOnlyResponse.getDefaultInstance()));
      return;
    }
    Duration backOff = registered.begin(scope.random());
    if (backOff.isZero()) {
      decide(registered);
    } else {
      alarm = scope.timer().after(backOff, () -> registrationDue(registered));
    }
  }

  @GuardedBy("this")
  private void decide(Registration peer) {
    Task task = peer.task();
    switch (SeedDecision.decide(peer.situation(scope), task.outlook(peer.peerId()))) {
      case SeedDecision.Nothing _ -> {}
      case SeedDecision.GoToOrigin _ -> task.needBackToSource(peer.peerId());
      case SeedDecision.TriggerSeed _ -> {
        if (!scope.seeds().trigger(task.key(), peer.download())) {
          task.needBackToSource(peer.peerId());
        }
      }
      case SeedDecision.Refuse(RequestFailure failure) -> throw failure;
    }
    task.begin();
    switch (task.sizes().scope()) {
      case EMPTY -> {
        task.fire(peer.peerId(), PeerEvent.REGISTER_EMPTY);
        peer.finish();
        send(AnnouncePeerResponse.newBuilder().setEmptyTaskResponse(EmptyTaskResponse.getDefaultInstance()));
      }
      case NORMAL, SMALL, TINY, UNKNOW, UNRECOGNIZED -> {
        task.fire(peer.peerId(), PeerEvent.REGISTER_NORMAL);
        round(peer, 0);
      }
    }
  }

  /// One round of the scheduling loop.
  ///
  /// @param failed rounds that found no parent so far
  @GuardedBy("this")
  private void round(Registration peer, int failed) {
    Task task = peer.task();
    if (task.outlook(peer.peerId()).mayGoToOrigin()) {
      if (task.needsBackToSource(peer.peerId())) {
        goToOrigin(peer, "this peer fetches from the origin");
        return;
      }
      if (failed >= scope.config().roundsBeforeOrigin()) {
        goToOrigin(peer, "no parent was found in time");
        return;
      }
    }
    if (failed >= scope.config().rounds()) {
      throw new Refused(Reason.NO_SOURCE, "no parent was found, and the peer may not go to the origin");
    }
    List<Peer> parents = findParents(task, peer.peerId());
    if (parents.isEmpty()) {
      alarm = scope.timer().after(pause(), () -> roundDue(peer, failed + 1));
      return;
    }
    peer.finish();
    send(
        AnnouncePeerResponse.newBuilder()
            .setNormalTaskResponse(NormalTaskResponse.newBuilder().addAllCandidateParents(parents)));
  }

  private List<Peer> findParents(Task task, String peerId) {
    var settings = scope.cluster().settings();
    var sample = task.sample(peerId, settings.sampledParents(), scope.random());
    var chosen = ParentSelection.select(sample, settings.candidateParents());
    return task.adopt(peerId, chosen.stream().map(ParentSelection.Choice::peerId).toList());
  }

  @GuardedBy("this")
  private void goToOrigin(Registration peer, String why) {
    peer.finish();
    send(
        AnnouncePeerResponse.newBuilder()
            .setNeedBackToSourceResponse(NeedBackToSourceResponse.newBuilder().setDescription(why)));
  }

  private Duration pause() {
    double spread = 0.75 + scope.random().nextDouble() / 2;
    return Duration.ofNanos((long) (scope.config().pause().toNanos() * spread));
  }

  private void registrationDue(Registration peer) {
    try {
      synchronized (this) {
        if (!ended) {
          decide(peer);
        }
      }
      outbox.drain();
    } catch (RequestFailure e) {
      fail(e);
    }
  }

  private void roundDue(Registration peer, int failed) {
    try {
      synchronized (this) {
        if (!ended) {
          round(peer, failed);
        }
      }
      outbox.drain();
    } catch (RequestFailure e) {
      fail(e);
    }
  }

  @GuardedBy("this")
  private void handle(AnnouncePeerRequest request, Registration peer) {
    Task task = peer.task();
    String id = peer.peerId();
    switch (request.getRequestCase()) {
      case REGISTER_PEER_REQUEST -> throw new Refused(Reason.WRONG_STATE, "the stream has registered its peer");
      case DOWNLOAD_PEER_STARTED_REQUEST -> task.started(id);
      case DOWNLOAD_PEER_BACK_TO_SOURCE_STARTED_REQUEST -> task.fire(id, PeerEvent.DOWNLOAD_BACK_TO_SOURCE);
      case RESCHEDULE_PEER_REQUEST -> reschedule(request.getReschedulePeerRequest(), peer);
      case DOWNLOAD_PIECE_FINISHED_REQUEST ->
          task.pieceFinished(id, request.getDownloadPieceFinishedRequest().getPiece(), false);
      case DOWNLOAD_PIECE_BACK_TO_SOURCE_FINISHED_REQUEST ->
          task.pieceFinished(id, request.getDownloadPieceBackToSourceFinishedRequest().getPiece(), true);
      case DOWNLOAD_PIECE_FAILED_REQUEST -> pieceFailed(request.getDownloadPieceFailedRequest(), peer);
      case DOWNLOAD_PIECE_BACK_TO_SOURCE_FAILED_REQUEST ->
          LOG.debug("a peer could not read a piece of task {} from the origin", task.key().id());
      case DOWNLOAD_PEER_FINISHED_REQUEST -> {
        task.fire(id, PeerEvent.DOWNLOAD_SUCCEEDED);
        finish();
      }
      case DOWNLOAD_PEER_BACK_TO_SOURCE_FINISHED_REQUEST -> {
        task.fire(id, PeerEvent.DOWNLOAD_SUCCEEDED);
        if (!peer.hasRange() && peer.isBelieved()) {
          task.succeeded();
        }
        finish();
      }
      case DOWNLOAD_PEER_FAILED_REQUEST -> {
        task.fire(id, PeerEvent.DOWNLOAD_FAILED);
        finish();
      }
      case DOWNLOAD_PEER_BACK_TO_SOURCE_FAILED_REQUEST -> {
        task.fire(id, PeerEvent.DOWNLOAD_FAILED);
        if (peer.isBelieved()) {
          task.failed();
        }
        finish();
      }
      case REQUEST_NOT_SET -> throw new Malformed("request", "must be set");
    }
  }

  @GuardedBy("this")
  private void reschedule(ReschedulePeerRequest request, Registration peer) {
    if (request.getCandidateParentsCount() > MAX_ECHOED) {
      throw new Malformed("candidate_parents", "must have at most " + MAX_ECHOED + " items");
    }
    for (Peer echoed : request.getCandidateParentsList()) {
      peer.task().block(peer.peerId(), Field.parse("candidate_parents.id", () -> requireId(echoed.getId())));
    }
    alarm.cancel();
    round(peer, 0);
  }

  private static void pieceFailed(DownloadPieceFailedRequest request, Registration peer) {
    Field.parse("parent_id", () -> requireId(request.getParentId()));
    if (request.getTemporary()) {
      peer.task().pieceFailed(peer.peerId(), request.getParentId());
    } else {
      LOG.debug("a peer of task {} gave up on a piece for good", peer.task().key().id());
    }
  }

  private static String requireId(String id) {
    if (id.isEmpty() || id.length() > Registration.MAX_PEER_ID) {
      throw new InvalidValue("must have 1 to " + Registration.MAX_PEER_ID + " characters");
    }
    return id;
  }

  @GuardedBy("this")
  private void finish() {
    outbox.complete();
    end();
  }

  @GuardedBy("this")
  private void send(AnnouncePeerResponse.Builder response) {
    AnnouncePeerResponse message = response.build();
    outbox.put(() -> message);
  }

  private void requireSameIds(AnnouncePeerRequest request, Registration known) {
    if (!known.isFor(request)) {
      throw new Refused(Reason.CALLER_NOT_ALLOWED, "host_id, task_id and peer_id are fixed by the first message");
    }
  }
}
