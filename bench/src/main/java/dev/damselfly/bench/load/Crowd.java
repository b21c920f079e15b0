package dev.damselfly.bench.load;

import com.google.protobuf.ByteString;
import dev.damselfly.api.wire.common.v2.Download;
import dev.damselfly.api.wire.damselfly.v1.AttestedPiece;
import dev.damselfly.api.wire.damselfly.v1.ContentFacts;
import dev.damselfly.api.wire.damselfly.v1.HeldPiece;
import dev.damselfly.api.wire.damselfly.v1.JoinEvent;
import dev.damselfly.api.wire.damselfly.v1.JoinRequest;
import dev.damselfly.api.wire.damselfly.v1.LeaseGranted;
import dev.damselfly.api.wire.damselfly.v1.LeaseWanted;
import dev.damselfly.api.wire.damselfly.v1.Left;
import dev.damselfly.api.wire.damselfly.v1.PiecesHeld;
import io.grpc.stub.StreamObserver;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/// All peers of one task at once. Each says what a peer of a real download says: it takes leases, reports what it read,
/// reports what it got from parents, and leaves when it has everything; the bytes themselves take no time.
final class Crowd {
  private static final long PIECE = 4L << 20;
  private static final int IN_FLIGHT = 200;
  private static final int WANTED = 4;
  private static final long PATIENCE_SECONDS = 1800;

  private final Peers peers;
  private final int pieces;
  private final int members;
  private final Semaphore registering = new Semaphore(IN_FLIGHT);
  private final AtomicInteger complete = new AtomicInteger();
  private final AtomicInteger read = new AtomicInteger();
  private final CountDownLatch done;
  private volatile String failure = "";

  Crowd(Peers peers, int pieces, int members) {
    this.peers = peers;
    this.pieces = pieces;
    this.members = members;
    this.done = new CountDownLatch(members);
  }

  /// Prints one line of JSON.
  void run() throws InterruptedException {
    long start = System.nanoTime();
    var download = Download.newBuilder().setUrl("http://origin.example/crowd/" + pieces + "/" + members).build();
    for (int i = 0; i < members; i++) {
      registering.acquire();
      var member = new Member();
      member.begin(peers.register(i, download, member));
    }
    boolean all = done.await(PATIENCE_SECONDS, TimeUnit.SECONDS);
    double seconds = (System.nanoTime() - start) / 1e9;
    System.out.printf(
        Locale.ROOT,
        "{\"registered\": %d, \"failed\": %d, \"complete\": %b, \"per_second\": %.0f, \"seconds\": %.1f, \"origin_ratio\": %.3f,"
            + " \"failure\": \"%s\"}%n",
        complete.get(),
        members - complete.get(),
        all,
        complete.get() / seconds,
        seconds,
        (double) read.get() / pieces,
        failure.replace('"', '\''));
  }

  private static ByteString digest(int number) {
    byte[] digest = new byte[32];
    digest[0] = (byte) number;
    digest[1] = (byte) (number >> 8);
    return ByteString.copyFrom(digest);
  }

  private static HeldPiece.Builder piece(int number) {
    return HeldPiece.newBuilder().setNumber(number).setLength(PIECE).setSha256(digest(number));
  }

  /// One peer. gRPC calls it one event at a time; what it sends goes out under its own lock.
  private final class Member implements StreamObserver<JoinEvent> {
    private final BitSet held = new BitSet();
    private final BitSet attested = new BitSet();
    private String parent = "";
    private boolean registered;
    private boolean over;
    private @Nullable StreamObserver<JoinRequest> requests;

    synchronized void begin(StreamObserver<JoinRequest> stream) {
      requests = stream;
      notifyAll();
    }

    private void send(JoinRequest.Builder message) throws InterruptedException {
      StreamObserver<JoinRequest> stream = requests;
      while (stream == null) {
        wait();
        stream = requests;
      }
      stream.onNext(message.build());
    }

    @Override
    public synchronized void onNext(JoinEvent event) {
      if (over) {
        return;
      }
      try {
        switch (event.getEventCase()) {
          case REGISTERED -> introduce();
          case PARENTS -> event.getParents().getAddedList().forEach(added -> parent = added.getPeerId());
          case ATTESTED -> event.getAttested().getPiecesList().stream().mapToInt(AttestedPiece::getNumber).forEach(attested::set);
          case LEASE -> read(event.getLease());
          default -> {}
        }
        fetch();
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }

    private void introduce() throws InterruptedException {
      registered = true;
      registering.release();
      send(
          JoinRequest.newBuilder()
              .setContent(
                  ContentFacts.newBuilder()
                      .setContentLength(pieces * PIECE)
                      .setPieceLength(PIECE)
                      .setEtag("\"1\"")
                      .setRanges(true)));
      send(JoinRequest.newBuilder().setLeaseWanted(LeaseWanted.newBuilder().setPieces(WANTED)));
    }

    private void read(LeaseGranted lease) throws InterruptedException {
      var report = PiecesHeld.newBuilder();
      for (int number : lease.getNumbersList()) {
        held.set(number);
        read.incrementAndGet();
        report.addPieces(piece(number).setFromOrigin(true).setLeaseId(lease.getLeaseId()));
      }
      send(JoinRequest.newBuilder().setHeld(report));
      send(JoinRequest.newBuilder().setLeaseWanted(LeaseWanted.newBuilder().setPieces(WANTED)));
    }

    private void fetch() throws InterruptedException {
      List<HeldPiece> got = new ArrayList<>();
      for (int n = attested.nextSetBit(0); n >= 0 && !parent.isEmpty(); n = attested.nextSetBit(n + 1)) {
        if (!held.get(n)) {
          held.set(n);
          got.add(piece(n).setParentPeerId(parent).build());
        }
      }
      if (!got.isEmpty()) {
        send(JoinRequest.newBuilder().setHeld(PiecesHeld.newBuilder().addAllPieces(got)));
      }
      if (held.cardinality() == pieces) {
        send(JoinRequest.newBuilder().setLeft(Left.newBuilder().setOutcome(Left.Outcome.FINISHED)));
        complete.incrementAndGet();
        end();
      }
    }

    private void end() {
      over = true;
      done.countDown();
    }

    @Override
    public synchronized void onError(Throwable cause) {
      if (!registered) {
        registering.release();
      }
      if (!over) {
        failure = String.valueOf(cause.getMessage());
        end();
      }
    }

    @Override
    public synchronized void onCompleted() {
      if (!over) {
        failure = "the scheduler ended a stream";
        end();
      }
    }
  }
}
