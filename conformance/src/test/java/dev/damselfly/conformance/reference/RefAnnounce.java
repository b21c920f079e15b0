package dev.damselfly.conformance.reference;

import static dev.damselfly.conformance.reference.ReferenceServer.CALLER;

import dev.damselfly.api.wire.common.v2.Download;
import dev.damselfly.api.wire.common.v2.Host;
import dev.damselfly.api.wire.common.v2.Peer;
import dev.damselfly.api.wire.common.v2.Piece;
import dev.damselfly.api.wire.common.v2.Priority;
import dev.damselfly.api.wire.scheduler.v2.AnnouncePeerRequest;
import dev.damselfly.api.wire.scheduler.v2.AnnouncePeerResponse;
import dev.damselfly.api.wire.scheduler.v2.EmptyTaskResponse;
import dev.damselfly.api.wire.scheduler.v2.MetadataOnlyResponse;
import dev.damselfly.api.wire.scheduler.v2.NeedBackToSourceResponse;
import dev.damselfly.api.wire.scheduler.v2.NormalTaskResponse;
import io.grpc.Status;
import io.grpc.stub.StreamObserver;
import java.util.List;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/// One announce stream of the reference scheduler; everything happens under the scheduler's lock.
final class RefAnnounce implements StreamObserver<AnnouncePeerRequest> {
  private static final long RETRY_MILLIS = 250;
  private static final int ROUNDS = 4;

  private final ReferenceScheduler scheduler;
  private final StreamObserver<AnnouncePeerResponse> out;
  private @Nullable RefTask task;
  private @Nullable RefPeer peer;
  private boolean range;
  private boolean ended;

  RefAnnounce(ReferenceScheduler scheduler, StreamObserver<AnnouncePeerResponse> out) {
    this.scheduler = scheduler;
    this.out = out;
  }

  @Override
  public void onNext(AnnouncePeerRequest request) {
    synchronized (scheduler) {
      if (ended || !checked(request)) {
        return;
      }
      RefTask known = task;
      RefPeer own = peer;
      if (known == null || own == null) {
        register(request);
      } else {
        handle(request, known, own);
      }
    }
  }

  private boolean checked(AnnouncePeerRequest request) {
    if (request.getRequestCase() == AnnouncePeerRequest.RequestCase.REQUEST_NOT_SET && scheduler.has(Fault.IGNORES_EMPTY_MESSAGES)) {
      return false;
    }
    AnnouncePeerRequest judged = request;
    if (scheduler.has(Fault.TAKES_ANY_TASK_ID)) {
      judged = judged.toBuilder().setTaskId("0".repeat(64)).build();
    }
    boolean tolerated =
        scheduler.has(Fault.TAKES_INVALID_MESSAGES) && request.hasRegisterPeerRequest()
            || scheduler.has(Fault.TAKES_HOSTILE_PIECES) && request.hasDownloadPieceFinishedRequest();
    if (!tolerated && !ReferenceScheduler.valid(judged)) {
      fail(Status.INVALID_ARGUMENT);
      return false;
    }
    return true;
  }

  private void register(AnnouncePeerRequest request) {
    if (!request.hasRegisterPeerRequest()) {
      fail(Status.FAILED_PRECONDITION);
      return;
    }
    Host host = scheduler.host(request.getHostId());
    if (host == null) {
      fail(Status.NOT_FOUND);
      return;
    }
    Download download = request.getRegisterPeerRequest().getDownload();
    if (scheduler.isMutual()) {
      if (!request.getPeerId().contains("-" + CALLER.get() + "-") && !scheduler.has(Fault.REGISTERS_FOR_OTHERS)) {
        fail(Status.PERMISSION_DENIED);
        return;
      }
      if (download.hasOutputPath() && !scheduler.has(Fault.TAKES_OUTPUT_PATHS)) {
        fail(Status.PERMISSION_DENIED);
        return;
      }
    }
    RefTask known = scheduler.task(request.getTaskId(), download);
    var own = new RefPeer(request.getPeerId(), host);
    known.peers.put(own.id, own);
    task = known;
    peer = own;
    range = download.hasRange();
    decide(known, own, download);
  }

  private void decide(RefTask known, RefPeer own, Download download) {
    if (download.getMetadataOnly()) {
      if (scheduler.has(Fault.TRIGGERS_SEED_FOR_METADATA)) {
        scheduler.seeds.trigger(download);
      }
      known.metadataOnly.add(own.id);
      own.state = "ReceivedNormal";
      known.state = "Running";
      send(AnnouncePeerResponse.newBuilder().setMetadataOnlyResponse(MetadataOnlyResponse.getDefaultInstance()));
      return;
    }
    if (!firstBytes(known, own, download)) {
      return;
    }
    known.state = known.state.equals("Succeeded") ? known.state : "Running";
    long length = known.first.getActualContentLength();
    boolean empty = length == 0 && !scheduler.has(Fault.SCHEDULES_EMPTY_CONTENT);
    if (empty || length > 0 && length <= 128 && scheduler.has(Fault.TREATS_TINY_AS_EMPTY)) {
      own.state = "ReceivedEmpty";
      send(AnnouncePeerResponse.newBuilder().setEmptyTaskResponse(EmptyTaskResponse.getDefaultInstance()));
      return;
    }
    own.state = "ReceivedNormal";
    round(0);
  }

  /// Who fetches the first bytes of a task.
  private boolean firstBytes(RefTask known, RefPeer own, Download download) {
    boolean fresh = known.state.equals("Pending") || known.state.equals("Failed");
    if (download.getNeedBackToSource()) {
      own.needsOrigin = true;
    } else if (!fresh) {
      if (known.triggered && scheduler.has(Fault.TRIGGERS_AGAIN)) {
        scheduler.seeds.trigger(download);
      }
    } else if (own.isSeed() || !scheduler.seeds.isAvailable()) {
      own.needsOrigin = true;
    } else {
      Priority level = scheduler.settings.priority(download);
      switch (level) {
        case LEVEL1 -> {
          fail(Status.FAILED_PRECONDITION);
          return false;
        }
        case LEVEL2 -> {
          if (!scheduler.has(Fault.SENDS_LEVEL2_TO_ORIGIN) || !download.getApplication().isEmpty()) {
            fail(Status.NOT_FOUND);
            return false;
          }
          own.needsOrigin = true;
        }
        case LEVEL3 -> own.needsOrigin = true;
        default -> {
          known.triggered = true;
          scheduler.seeds.trigger(download);
          if (scheduler.has(Fault.SENDS_EMPTY_LISTS)) {
            String wanted = download.getTag();
            if (wanted.isEmpty() && !download.hasPieceLength()) {
              lateEmptyList(own);
            }
          }
        }
      }
    }
    return true;
  }

  /// A list without parents, shortly before the child is sent to the origin.
  private void lateEmptyList(RefPeer own) {
    later(
        RETRY_MILLIS * (ROUNDS - 1),
        () -> {
          if (own.parents.isEmpty()) {
            send(AnnouncePeerResponse.newBuilder().setNormalTaskResponse(NormalTaskResponse.getDefaultInstance()));
          }
        });
  }

  private void round(int failed) {
    RefTask known = java.util.Objects.requireNonNull(task);
    RefPeer own = java.util.Objects.requireNonNull(peer);
    if (own.needsOrigin || failed >= ROUNDS) {
      var answer = NeedBackToSourceResponse.newBuilder();
      if (failed > 0 || !scheduler.has(Fault.SENDS_TO_ORIGIN_WITHOUT_REASON)) {
        answer.setDescription("fetch it yourself");
      }
      send(AnnouncePeerResponse.newBuilder().setNeedBackToSourceResponse(answer));
      return;
    }
    List<Peer> parents = known.adopt(own, scheduler.settings.candidates());
    if (parents.isEmpty()) {
      later(RETRY_MILLIS, () -> round(failed + 1));
      return;
    }
    send(AnnouncePeerResponse.newBuilder().setNormalTaskResponse(NormalTaskResponse.newBuilder().addAllCandidateParents(parents)));
  }

  private void later(long millis, Runnable work) {
    try {
      scheduler.timer.schedule(
          () -> {
            synchronized (scheduler) {
              if (!ended) {
                work.run();
              }
            }
          },
          millis,
          TimeUnit.MILLISECONDS);
    } catch (RejectedExecutionException e) {
      ended = true; // the scheduler stops
    }
  }

  private void handle(AnnouncePeerRequest request, RefTask known, RefPeer own) {
    if (scheduler.isMutual() && !request.getPeerId().equals(own.id) && !scheduler.has(Fault.LETS_STREAMS_SWITCH)) {
      fail(Status.PERMISSION_DENIED);
      return;
    }
    switch (request.getRequestCase()) {
      case DOWNLOAD_PEER_STARTED_REQUEST -> own.state = "Running";
      case DOWNLOAD_PEER_BACK_TO_SOURCE_STARTED_REQUEST -> own.state = "BackToSource";
      case DOWNLOAD_PIECE_FINISHED_REQUEST -> cost(own, request.getDownloadPieceFinishedRequest().getPiece());
      case DOWNLOAD_PIECE_BACK_TO_SOURCE_FINISHED_REQUEST -> cost(own, request.getDownloadPieceBackToSourceFinishedRequest().getPiece());
      case DOWNLOAD_PIECE_FAILED_REQUEST -> {
        if (!scheduler.has(Fault.FORGETS_TEMPORARY_FAILURES)) {
          own.blocked.add(request.getDownloadPieceFailedRequest().getParentId());
        }
      }
      case RESCHEDULE_PEER_REQUEST -> {
        if (!scheduler.has(Fault.OFFERS_ECHOED_PARENTS)) {
          request.getReschedulePeerRequest().getCandidateParentsList().forEach(parent -> own.blocked.add(parent.getId()));
        }
        round(0);
      }
      default -> terminal(request.getRequestCase(), known, own);
    }
  }

  private void terminal(AnnouncePeerRequest.RequestCase kind, RefTask known, RefPeer own) {
    switch (kind) {
      case DOWNLOAD_PEER_FINISHED_REQUEST -> {
        own.state = "Succeeded";
        if (!scheduler.has(Fault.HANGS_AFTER_FINISHED) || known.metadataOnly.contains(own.id)) {
          complete();
        }
      }
      case DOWNLOAD_PEER_BACK_TO_SOURCE_FINISHED_REQUEST -> {
        own.state = "Succeeded";
        boolean whole = !range || scheduler.has(Fault.SUCCEEDS_BY_RANGE);
        if (whole && !scheduler.has(Fault.LEAVES_TASK_RUNNING)) {
          known.state = "Succeeded";
        }
        if (scheduler.has(Fault.FAILS_AFTER_ORIGIN_FINISHED_CHILD) && known.peers.size() > 1 && own.costs.isEmpty()) {
          fail(Status.INTERNAL);
        } else {
          complete();
        }
      }
      case DOWNLOAD_PEER_FAILED_REQUEST -> {
        own.state = "Failed";
        end(scheduler.has(Fault.FAILS_AFTER_FAILED) && own.costs.isEmpty());
      }
      case DOWNLOAD_PEER_BACK_TO_SOURCE_FAILED_REQUEST -> {
        own.state = "Failed";
        end(scheduler.has(Fault.FAILS_AFTER_ORIGIN_FAILED));
      }
      default -> {} // origin errors are only logged
    }
  }

  private void end(boolean badly) {
    if (badly) {
      fail(Status.INTERNAL);
    } else {
      complete();
    }
  }

  private static void cost(RefPeer own, Piece piece) {
    own.costs.add(piece.getCost().getSeconds() * 1_000_000_000L + piece.getCost().getNanos());
  }

  private void send(AnnouncePeerResponse.Builder answer) {
    out.onNext(answer.build());
  }

  private void complete() {
    ended = true;
    out.onCompleted();
  }

  private void fail(Status status) {
    ended = true;
    RefPeer own = peer;
    if (own != null) {
      own.state = "Failed";
    }
    out.onError(status.asRuntimeException());
  }

  @Override
  public void onError(Throwable t) {
    synchronized (scheduler) {
      ended = true;
    }
  }

  @Override
  public void onCompleted() {
    synchronized (scheduler) {
      if (!ended) {
        complete();
      }
    }
  }
}
