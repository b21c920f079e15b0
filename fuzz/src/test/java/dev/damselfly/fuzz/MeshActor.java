package dev.damselfly.fuzz;

import com.google.protobuf.ByteString;
import dev.damselfly.api.wire.damselfly.v1.JoinEvent;
import dev.damselfly.api.wire.damselfly.v1.JoinRequest;
import dev.damselfly.api.wire.damselfly.v1.LeaseGranted;
import dev.damselfly.api.wire.damselfly.v1.ParentsChanged;
import io.grpc.stub.StreamObserver;
import java.time.Instant;
import java.time.InstantSource;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/// One member of a swarm as it sees itself: what it was told and never untold. Checks each event as it comes.
final class MeshActor implements StreamObserver<JoinEvent> {
  static final int MAX_PARENTS = 8;

  final String peerId;
  final int host;
  final int task;
  final Set<String> parents = new TreeSet<>();
  final Map<Long, Open> leases = new HashMap<>();
  private final Map<Integer, ByteString> attested = new HashMap<>();
  private final InstantSource clock;
  private @Nullable StreamObserver<JoinRequest> requests;
  private long length = -1;
  boolean over;

  /// What is left to read of a lease, and since when nothing came.
  static final class Open {
    final Set<Integer> pieces;
    final boolean whole;
    Instant progressAt;

    Open(Set<Integer> pieces, boolean whole, Instant now) {
      this.pieces = pieces;
      this.whole = whole;
      this.progressAt = now;
    }
  }

  MeshActor(String peerId, int host, int task, InstantSource clock) {
    this.peerId = peerId;
    this.host = host;
    this.task = task;
    this.clock = clock;
  }

  void opened(StreamObserver<JoinRequest> stream) {
    requests = stream;
  }

  void say(JoinRequest.Builder message) {
    if (!over && requests != null) {
      requests.onNext(message.build());
    }
  }

  void halfClose() {
    if (!over && requests != null) {
      leases.clear();
      requests.onCompleted();
    }
  }

  void breakOff() {
    if (!over && requests != null) {
      end();
      requests.onError(new IllegalStateException("gone"));
    }
  }

  private void end() {
    over = true;
    leases.clear();
    parents.clear();
  }

  /// The member read the piece under the lease.
  void read(long lease, int number) {
    Open open = leases.get(lease);
    if (open != null) {
      open.progressAt = open.whole || open.pieces.contains(number) ? clock.instant() : open.progressAt;
      giveBack(lease, number);
    }
  }

  void giveBack(long lease, int number) {
    Open open = leases.get(lease);
    if (open != null) {
      open.pieces.remove(number);
      if (!open.whole && open.pieces.isEmpty()) {
        leases.remove(lease);
      }
    }
  }

  @Override
  public void onNext(JoinEvent event) {
    Script.check(!over, "an event after the end of the stream");
    switch (event.getEventCase()) {
      case REGISTERED, EVENT_NOT_SET -> {}
      case CONTENT -> fixed(event.getContent().getContentLength());
      case ATTESTED ->
          event.getAttested().getPiecesList().forEach(piece -> {
            ByteString before = attested.put(piece.getNumber(), piece.getSha256());
            Script.check(before == null || before.equals(piece.getSha256()), "an attested digest changed silently");
          });
      case QUARANTINED -> event.getQuarantined().getNumbersList().forEach(attested::remove);
      case LEASE -> granted(event.getLease());
      case LEASE_REVOKED -> leases.remove(event.getLeaseRevoked().getLeaseId());
      case PARENTS -> changed(event.getParents());
    }
  }

  private void fixed(long now) {
    Script.check(length < 0 || length == now, "the content changed");
    length = now;
  }

  private void granted(LeaseGranted lease) {
    Set<Integer> pieces = new HashSet<>(lease.getNumbersList());
    Script.check(pieces.size() == lease.getNumbersCount(), "a lease names a piece twice");
    Script.check(lease.getWhole() == pieces.isEmpty(), "a lease of nothing");
    Script.check(leases.put(lease.getLeaseId(), new Open(pieces, lease.getWhole(), clock.instant())) == null, "a lease twice");
  }

  private void changed(ParentsChanged change) {
    change.getRemovedPeerIdsList().forEach(id -> Script.check(parents.remove(id), "removed a parent that was none"));
    change
        .getAddedList()
        .forEach(
            parent -> {
              boolean renewed = !parents.add(parent.getPeerId()); // a grant is renewed by naming the parents again
              Script.check(!parent.getGrant().isEmpty(), "a parent without a grant");
              Script.check(!parent.getHostId().equals(SwarmCast.id(host)), "a parent on the own host");
              Script.check(!renewed || change.getRemovedPeerIdsCount() == 0, "a parent was added twice");
            });
    Script.check(parents.size() <= MAX_PARENTS, "too many parents");
  }

  @Override
  public void onError(Throwable t) {
    end();
  }

  @Override
  public void onCompleted() {
    end();
  }
}
