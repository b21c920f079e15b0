package dev.damselfly.fuzz;

import com.google.protobuf.Message;
import dev.damselfly.api.wire.common.v2.Peer;
import dev.damselfly.api.wire.common.v2.Piece;
import dev.damselfly.api.wire.errordetails.v2.Backend;
import dev.damselfly.api.wire.scheduler.v2.AnnouncePeerRequest;
import dev.damselfly.api.wire.scheduler.v2.DownloadPeerBackToSourceFailedRequest;
import dev.damselfly.api.wire.scheduler.v2.DownloadPeerBackToSourceFinishedRequest;
import dev.damselfly.api.wire.scheduler.v2.DownloadPeerBackToSourceStartedRequest;
import dev.damselfly.api.wire.scheduler.v2.DownloadPeerFailedRequest;
import dev.damselfly.api.wire.scheduler.v2.DownloadPeerFinishedRequest;
import dev.damselfly.api.wire.scheduler.v2.DownloadPeerStartedRequest;
import dev.damselfly.api.wire.scheduler.v2.DownloadPieceBackToSourceFailedRequest;
import dev.damselfly.api.wire.scheduler.v2.DownloadPieceBackToSourceFinishedRequest;
import dev.damselfly.api.wire.scheduler.v2.DownloadPieceFailedRequest;
import dev.damselfly.api.wire.scheduler.v2.DownloadPieceFinishedRequest;
import dev.damselfly.api.wire.scheduler.v2.RegisterPeerRequest;
import dev.damselfly.api.wire.scheduler.v2.ReschedulePeerRequest;
import dev.damselfly.api.wire.scheduler.v2.SchedulerGrpc;
import dev.damselfly.authz.identity.Caller;
import dev.damselfly.scheduler.boot.ServedScheduler;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/// Messages on AnnouncePeer streams: of any caller, of a second peer of the task, and time between them.
public final class AnnouncePeerFuzz implements HandlerTarget {
  private static final SchedulerBench BENCH = new SchedulerBench();
  private static final int STAY = StreamRun.OWN | StreamRun.TASK;

  /// What is made once counts for no input.
  public static void fuzzerInitialize() {
    new AnnouncePeerFuzz().run(new byte[0]);
  }

  public static void fuzzerTestOneInput(byte[] input) {
    new AnnouncePeerFuzz().run(input);
  }

  @Override
  public void run(byte[] input) {
    boolean seeds = input.length % 2 == 1;
    ServedScheduler served = BENCH.fresh(List.of(People.ONE, People.TWO, People.SEED), seeds);
    var run = new StreamRun(BENCH, SchedulerGrpc.getAnnouncePeerMethod(), "register_peer_request.download");
    run.play(input);
    if (served.timer.waiting() != 0) {
      throw new AssertionError("an alarm outlives its stream");
    }
    Accepted.note(run.any());
  }

  @Override
  public String name() {
    return "announce-peer";
  }

  @Override
  public String oracle() {
    return "as scheduler-unary for each message; every stream ends with a known status; refused registrations leave no state";
  }

  @Override
  public List<Class<?>> covers() {
    return List.of(dev.damselfly.scheduler.announce.Announcements.class);
  }

  @Override
  public Set<String> rpcs() {
    return Set.of(SchedulerGrpc.getAnnouncePeerMethod().getFullMethodName());
  }

  @Override
  public List<byte[]> seeds() {
    var seeds = new ArrayList<byte[]>();
    for (AnnouncePeerRequest message : afterRegistration()) {
      seeds.add(started(0).step(StreamRun.FIRST, STAY, message.toByteArray()).toBytes());
      seeds.add(
          started(1).step(StreamRun.FIRST, STAY, message.toByteArray()).step(StreamRun.FIRST, STAY, message.toByteArray()).toBytes());
    }
    for (int who = 0; who < 9; who++) {
      seeds.add(new CallScript().step(StreamRun.FIRST, who << 3 | STAY, register(who, 1).toByteArray()).toBytes());
    }
    var whole = started(0);
    afterRegistration().forEach(message -> whole.step(StreamRun.FIRST, STAY, message.toByteArray()));
    seeds.add(whole.toBytes());
    var recorded = new CallScript();
    for (byte[] message : RecordedFlows.messages("scheduler.v2.AnnouncePeerRequest")) {
      seeds.add(new CallScript().step(StreamRun.FIRST, STAY, message).step(StreamRun.TIME, 40, new byte[0]).toBytes());
      recorded.step(StreamRun.FIRST, STAY, message);
    }
    seeds.add(recorded.toBytes());
    return seeds;
  }

  /// A peer that registered, and a second one that has the content.
  private static CallScript started(int variant) {
    var script = new CallScript();
    script.step(StreamRun.SECOND, STAY, register(1, 2).toByteArray()).step(StreamRun.TIME, 60, new byte[0]);
    script.step(StreamRun.SECOND, STAY, message().setDownloadPeerBackToSourceStartedRequest(
        DownloadPeerBackToSourceStartedRequest.getDefaultInstance()).build().toByteArray());
    script.step(StreamRun.SECOND, STAY, message().setDownloadPieceBackToSourceFinishedRequest(
        DownloadPieceBackToSourceFinishedRequest.newBuilder().setPiece(piece(0))).build().toByteArray());
    script.step(StreamRun.FIRST, STAY | variant << 2, register(0, 2).toByteArray());
    return script.step(StreamRun.TIME, 20 + variant, new byte[0]);
  }

  private static AnnouncePeerRequest register(int who, int pieces) {
    Caller caller = People.pick(who);
    var download = SchedulerBench.download(0, pieces);
    return AnnouncePeerRequest.newBuilder()
        .setHostId(People.hostId(caller))
        .setTaskId(SchedulerBench.taskId(download))
        .setPeerId(People.peerId(caller, 1))
        .setRegisterPeerRequest(RegisterPeerRequest.newBuilder().setDownload(download))
        .build();
  }

  private static AnnouncePeerRequest.Builder message() {
    return AnnouncePeerRequest.newBuilder().setHostId("h").setTaskId("0".repeat(64)).setPeerId("p");
  }

  private static Piece piece(int number) {
    return Piece.newBuilder()
        .setNumber(number)
        .setOffset(number * (4L << 20))
        .setLength(4L << 20)
        .setCost(com.google.protobuf.Duration.newBuilder().setNanos(1000))
        .setCreatedAt(com.google.protobuf.Timestamp.newBuilder().setSeconds(1_700_000_000))
        .build();
  }

  private static List<AnnouncePeerRequest> afterRegistration() {
    Peer echoed = Peer.newBuilder().setId(People.peerId(People.TWO, 1)).build();
    String parent = People.peerId(People.TWO, 1);
    return List.of(
        message().setDownloadPeerStartedRequest(DownloadPeerStartedRequest.getDefaultInstance()).build(),
        message().setDownloadPeerBackToSourceStartedRequest(DownloadPeerBackToSourceStartedRequest.newBuilder().setDescription("d")).build(),
        message().setDownloadPieceFinishedRequest(DownloadPieceFinishedRequest.newBuilder().setPiece(piece(0).toBuilder().setParentId(parent))).build(),
        message().setDownloadPieceBackToSourceFinishedRequest(DownloadPieceBackToSourceFinishedRequest.newBuilder().setPiece(piece(1))).build(),
        message().setDownloadPieceFailedRequest(DownloadPieceFailedRequest.newBuilder().setPieceNumber(1).setParentId(parent).setTemporary(true)).build(),
        message().setDownloadPieceBackToSourceFailedRequest(
            DownloadPieceBackToSourceFailedRequest.newBuilder().setPieceNumber(1).setBackend(Backend.newBuilder().setStatusCode(404).setMessage("m"))).build(),
        message().setReschedulePeerRequest(ReschedulePeerRequest.newBuilder().setDescription("d")).build(),
        message().setReschedulePeerRequest(ReschedulePeerRequest.newBuilder().addCandidateParents(echoed)).build(),
        message().setDownloadPeerFinishedRequest(DownloadPeerFinishedRequest.getDefaultInstance()).build(),
        message().setDownloadPeerFailedRequest(DownloadPeerFailedRequest.newBuilder().setDescription("d")).build(),
        message().setDownloadPeerBackToSourceFinishedRequest(DownloadPeerBackToSourceFinishedRequest.getDefaultInstance()).build(),
        message().setDownloadPeerBackToSourceFailedRequest(DownloadPeerBackToSourceFailedRequest.newBuilder().setDescription("d")).build());
  }
}
