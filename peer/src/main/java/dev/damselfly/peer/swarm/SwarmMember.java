package dev.damselfly.peer.swarm;

import dev.damselfly.api.error.GrpcErrors;
import dev.damselfly.api.error.RequestFailure;
import dev.damselfly.api.id.PieceNumber;
import dev.damselfly.api.id.Sha256;
import dev.damselfly.api.id.TaskId;
import dev.damselfly.api.wire.damselfly.v1.JoinEvent;
import dev.damselfly.api.wire.damselfly.v1.JoinRequest;
import dev.damselfly.api.wire.damselfly.v1.LeaseReturned;
import dev.damselfly.api.wire.damselfly.v1.LeaseWanted;
import dev.damselfly.api.wire.damselfly.v1.Left;
import dev.damselfly.api.wire.damselfly.v1.ParentLost;
import dev.damselfly.api.wire.damselfly.v1.PieceMismatch;
import dev.damselfly.api.wire.damselfly.v1.PiecesHeld;
import dev.damselfly.api.wire.damselfly.v1.Register;
import dev.damselfly.api.wire.damselfly.v1.SwarmGrpc;
import dev.damselfly.peer.content.ContentFacts;
import dev.damselfly.peer.content.PieceRecord;
import com.google.protobuf.ByteString;
import io.grpc.Channel;
import io.grpc.stub.ClientCallStreamObserver;
import io.grpc.stub.ClientResponseObserver;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/// One membership over one `Swarm/Join` stream.
///
/// A virtual thread of its own writes what was sent, in order, as fast as the stream takes it; pieces that were
/// reported meanwhile travel together. A queue of [#MAX_QUEUED] messages that does not move ends the membership.
final class SwarmMember implements Membership {
  static final int MAX_QUEUED = 16_384;
  private static final int MAX_HELD_PER_MESSAGE = 1024;

  private final TaskId task;
  private final String peerId;
  private final SwarmListener listener;
  private final BlockingQueue<JoinRequest> queue = new LinkedBlockingQueue<>(MAX_QUEUED);
  private final Semaphore ready = new Semaphore(0);
  private final AtomicReference<@Nullable ClientCallStreamObserver<JoinRequest>> stream = new AtomicReference<>();
  private final AtomicBoolean ended = new AtomicBoolean();
  private final AtomicBoolean closed = new AtomicBoolean();

  private SwarmMember(TaskId task, String peerId, SwarmListener listener) {
    this.task = task;
    this.peerId = peerId;
    this.listener = listener;
  }

  /// @param first the registration, with its pieces; sent before anything else
  static SwarmMember open(Channel channel, TaskId task, Register first, SwarmListener listener) {
    var member = new SwarmMember(task, first.getPeerId(), listener);
    for (JoinRequest request : Registrations.messages(first)) {
      member.send(request);
    }
    SwarmGrpc.newStub(channel).join(member.new Answers());
    Thread.ofVirtual().name("swarm-" + task.value().substring(0, 8)).start(member::write);
    return member;
  }

  @Override
  public String peerId() {
    return peerId;
  }

  @Override
  public void content(ContentFacts facts) {
    send(JoinRequest.newBuilder().setContent(SwarmWire.facts(facts)).build());
  }

  @Override
  public void held(List<PieceRecord> pieces) {
    for (int from = 0; from < pieces.size(); from += MAX_HELD_PER_MESSAGE) {
      var message = PiecesHeld.newBuilder();
      pieces.subList(from, Math.min(pieces.size(), from + MAX_HELD_PER_MESSAGE)).forEach(p -> message.addPieces(SwarmWire.held(p)));
      send(JoinRequest.newBuilder().setHeld(message).build());
    }
  }

  @Override
  public void wantLease(int pieces) {
    wantLease(pieces, 0, 0);
  }

  @Override
  public void wantLease(int pieces, int first, int end) {
    send(JoinRequest.newBuilder().setLeaseWanted(LeaseWanted.newBuilder().setPieces(pieces).setFirst(first).setEnd(end)).build());
  }

  @Override
  public void returnLease(long leaseId, List<PieceNumber> numbers, LeaseReturned.Reason reason) {
    var message = LeaseReturned.newBuilder().setLeaseId(leaseId).setReason(reason);
    numbers.forEach(number -> message.addNumbers(number.value()));
    send(JoinRequest.newBuilder().setLeaseReturned(message).build());
  }

  @Override
  public void parentLost(String parent, ParentLost.Reason reason) {
    send(JoinRequest.newBuilder().setParentLost(ParentLost.newBuilder().setPeerId(parent).setReason(reason)).build());
  }

  @Override
  public void mismatch(String parent, PieceNumber number, Sha256 actual) {
    var message =
        PieceMismatch.newBuilder()
            .setParentPeerId(parent)
            .setNumber(number.value())
            .setActualSha256(ByteString.copyFrom(actual.bytes()));
    send(JoinRequest.newBuilder().setMismatch(message).build());
  }

  @Override
  public void left(Left.Outcome outcome) {
    send(JoinRequest.newBuilder().setLeft(Left.newBuilder().setOutcome(outcome)).build());
  }

  @Override
  public void close() {
    if (closed.compareAndSet(false, true)) {
      ready.release(); // the writer sends what is queued, then half-closes
    }
  }

  private void send(JoinRequest request) {
    if (ended.get() || closed.get()) {
      return;
    }
    if (!queue.offer(request)) {
      end(new SwarmEvent.Lost(Optional.empty(), "the scheduler reads too slowly"));
      return;
    }
    ready.release();
  }

  private void write() {
    try {
      while (!ended.get()) {
        ready.acquire();
        ready.drainPermits();
        var out = stream.get();
        if (out == null) {
          continue;
        }
        JoinRequest next;
        while (out.isReady() && (next = queue.poll()) != null) {
          out.onNext(merged(next));
        }
        if (closed.get() && queue.isEmpty()) {
          out.onCompleted();
          ended.set(true);
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (IllegalStateException e) {
      end(new SwarmEvent.Lost(Optional.empty(), "")); // the call ended between the question and the message
    }
  }

  private JoinRequest merged(JoinRequest first) {
    if (!first.hasHeld()) {
      return first;
    }
    var all = new ArrayList<>(first.getHeld().getPiecesList());
    JoinRequest next = queue.peek();
    while (next != null && next.hasHeld() && all.size() + next.getHeld().getPiecesCount() <= MAX_HELD_PER_MESSAGE) {
      all.addAll(next.getHeld().getPiecesList());
      queue.remove();
      next = queue.peek();
    }
    return JoinRequest.newBuilder().setHeld(PiecesHeld.newBuilder().addAllPieces(all)).build();
  }

  private void end(SwarmEvent.Lost why) {
    if (ended.compareAndSet(false, true)) {
      var out = stream.get();
      if (out != null) {
        out.cancel("the membership ended", null);
      }
      ready.release();
      if (!closed.get()) {
        listener.happened(why);
      }
    }
  }

  /// The scheduler's half of the stream. One event at a time is asked for.
  private final class Answers implements ClientResponseObserver<JoinRequest, JoinEvent> {
    @Override
    public void beforeStart(ClientCallStreamObserver<JoinRequest> requests) {
      requests.disableAutoRequestWithInitial(1);
      requests.setOnReadyHandler(ready::release);
      stream.set(requests);
    }

    @Override
    public void onNext(JoinEvent message) {
      if (ended.get()) {
        return;
      }
      try {
        listener.happened(SwarmWire.event(task, message));
      } catch (RequestFailure broken) {
        end(new SwarmEvent.Lost(Optional.empty(), broken.safeText()));
        return;
      }
      var out = stream.get();
      if (out != null) {
        out.request(1);
      }
    }

    @Override
    public void onError(Throwable error) {
      end(new SwarmEvent.Lost(GrpcErrors.reasonOf(error), ""));
    }

    @Override
    public void onCompleted() {
      end(new SwarmEvent.Lost(Optional.empty(), ""));
    }
  }
}
