package dev.damselfly.fuzz;

import com.google.protobuf.ByteString;
import dev.damselfly.api.wire.damselfly.v1.ContentFacts;
import dev.damselfly.api.wire.damselfly.v1.HeldPiece;
import dev.damselfly.api.wire.damselfly.v1.JoinRequest;
import dev.damselfly.api.wire.damselfly.v1.LeaseReturned;
import dev.damselfly.api.wire.damselfly.v1.LeaseWanted;
import dev.damselfly.api.wire.damselfly.v1.Left;
import dev.damselfly.api.wire.damselfly.v1.ParentLost;
import dev.damselfly.api.wire.damselfly.v1.PieceMismatch;
import dev.damselfly.api.wire.damselfly.v1.PiecesHeld;
import dev.damselfly.api.wire.damselfly.v1.Register;
import dev.damselfly.api.wire.damselfly.v1.SwarmGrpc;
import dev.damselfly.authz.identity.Caller;
import dev.damselfly.scheduler.boot.ServedScheduler;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/// Messages on Join streams: two members of a swarm, and time between their messages.
public final class JoinStreamFuzz implements HandlerTarget {
  private static final SchedulerBench BENCH = new SchedulerBench();
  private static final int STAY = StreamRun.OWN | StreamRun.TASK;

  /// What is made once counts for no input.
  public static void fuzzerInitialize() {
    new JoinStreamFuzz().run(new byte[0]);
  }

  public static void fuzzerTestOneInput(byte[] input) {
    new JoinStreamFuzz().run(input);
  }

  @Override
  public void run(byte[] input) {
    ServedScheduler served = BENCH.fresh(List.of(People.ONE, People.TWO, People.SEED), input.length % 2 == 1);
    var run = new StreamRun(BENCH, SwarmGrpc.getJoinMethod(), "register.download");
    run.play(input);
    if (served.swarms.count() != 0) {
      throw new AssertionError("a swarm outlives its members");
    }
    Accepted.note(run.any());
  }

  @Override
  public String name() {
    return "join-stream";
  }

  @Override
  public String oracle() {
    return "as announce-peer; no swarm outlives its members";
  }

  @Override
  public List<Class<?>> covers() {
    return List.of(dev.damselfly.scheduler.swarm.Swarms.class);
  }

  @Override
  public Set<String> rpcs() {
    return Set.of(SwarmGrpc.getJoinMethod().getFullMethodName());
  }

  @Override
  public List<byte[]> seeds() {
    var seeds = new ArrayList<byte[]>();
    for (JoinRequest message : afterRegistration()) {
      seeds.add(joined().step(StreamRun.FIRST, STAY, message.toByteArray()).toBytes());
      seeds.add(joined().step(StreamRun.SECOND, STAY, message.toByteArray()).step(StreamRun.TIME, 200, new byte[0]).toBytes());
    }
    for (int who = 0; who < 9; who++) {
      seeds.add(new CallScript().step(StreamRun.FIRST, who << 3 | STAY, register(who, true).toByteArray()).toBytes());
    }
    var whole = joined();
    afterRegistration().forEach(message -> whole.step(StreamRun.FIRST, STAY, message.toByteArray()));
    seeds.add(whole.toBytes());
    seeds.add(joined().step(StreamRun.END, 2, new byte[0]).step(StreamRun.FIRST, STAY, register(2, false).toByteArray()).toBytes());
    return seeds;
  }

  private static CallScript joined() {
    return new CallScript()
        .step(StreamRun.SECOND, STAY, register(1, true).toByteArray())
        .step(StreamRun.FIRST, STAY, register(0, false).toByteArray())
        .step(StreamRun.SECOND, STAY, JoinRequest.newBuilder().setLeaseWanted(LeaseWanted.newBuilder().setPieces(2)).build().toByteArray());
  }

  private static JoinRequest register(int who, boolean origin) {
    Caller caller = People.pick(who);
    var download = SchedulerBench.download(0, 4);
    return JoinRequest.newBuilder()
        .setRegister(
            Register.newBuilder()
                .setHostId(People.hostId(caller))
                .setTaskId(SchedulerBench.taskId(download))
                .setPeerId(People.peerId(caller, 1))
                .setPiecePort(4005)
                .setMayUseOrigin(origin)
                .setContent(facts())
                .setDownload(download))
        .build();
  }

  private static ContentFacts facts() {
    return ContentFacts.newBuilder().setContentLength(16L << 20).setPieceLength(4L << 20).setRanges(true).setEtag("\"v1\"").build();
  }

  private static HeldPiece held(int number, boolean fromOrigin) {
    var piece =
        HeldPiece.newBuilder().setNumber(number).setLength(4L << 20).setSha256(ByteString.copyFrom(new byte[32])).setFromOrigin(fromOrigin);
    return fromOrigin ? piece.setLeaseId(1).build() : piece.setParentPeerId(People.peerId(People.TWO, 2)).build();
  }

  private static List<JoinRequest> afterRegistration() {
    String parent = People.peerId(People.TWO, 2);
    return List.of(
        JoinRequest.newBuilder().setContent(facts()).build(),
        JoinRequest.newBuilder().setContent(facts().toBuilder().setEtag("\"v2\"")).build(),
        JoinRequest.newBuilder().setHeld(PiecesHeld.newBuilder().addPieces(held(0, true)).addPieces(held(1, true))).build(),
        JoinRequest.newBuilder().setHeld(PiecesHeld.newBuilder().addPieces(held(0, false))).build(),
        JoinRequest.newBuilder().setLeaseWanted(LeaseWanted.newBuilder().setPieces(8)).build(),
        JoinRequest.newBuilder().setLeaseReturned(LeaseReturned.newBuilder().setLeaseId(1).addNumbers(0).setReason(LeaseReturned.Reason.ORIGIN_FAILED)).build(),
        JoinRequest.newBuilder().setLeaseReturned(LeaseReturned.newBuilder().setLeaseId(1).addNumbers(1).setReason(LeaseReturned.Reason.ORIGIN_CHANGED)).build(),
        JoinRequest.newBuilder().setParentLost(ParentLost.newBuilder().setPeerId(parent).setReason(ParentLost.Reason.UNREACHABLE)).build(),
        JoinRequest.newBuilder()
            .setMismatch(PieceMismatch.newBuilder().setParentPeerId(parent).setNumber(0).setActualSha256(ByteString.copyFrom(new byte[32])))
            .build(),
        JoinRequest.newBuilder().setLeft(Left.newBuilder().setOutcome(Left.Outcome.FINISHED)).build(),
        JoinRequest.newBuilder().setLeft(Left.newBuilder().setOutcome(Left.Outcome.FAILED)).build(),
        JoinRequest.newBuilder().setLeft(Left.newBuilder().setOutcome(Left.Outcome.SERVING)).build());
  }
}
