package dev.damselfly.fuzz;

import com.google.protobuf.ByteString;
import dev.damselfly.api.id.Sha256;
import dev.damselfly.api.id.TaskId;
import dev.damselfly.api.wire.common.v2.Download;
import dev.damselfly.api.wire.damselfly.v1.ContentFacts;
import dev.damselfly.api.wire.damselfly.v1.Grant;
import dev.damselfly.api.wire.damselfly.v1.GrantClaims;
import dev.damselfly.api.wire.damselfly.v1.HeldPiece;
import dev.damselfly.api.wire.damselfly.v1.JoinRequest;
import dev.damselfly.api.wire.damselfly.v1.LeaseReturned;
import dev.damselfly.api.wire.damselfly.v1.LeaseWanted;
import dev.damselfly.api.wire.damselfly.v1.Left;
import dev.damselfly.api.wire.damselfly.v1.ListGrantKeysResponse;
import dev.damselfly.api.wire.damselfly.v1.ParentLost;
import dev.damselfly.api.wire.damselfly.v1.PieceMismatch;
import dev.damselfly.api.wire.damselfly.v1.PiecesHeld;
import dev.damselfly.api.wire.damselfly.v1.Register;
import dev.damselfly.authz.identity.SpiffeId;
import dev.damselfly.scheduler.announce.AnnounceConfig;
import dev.damselfly.scheduler.announce.Announcements;
import dev.damselfly.scheduler.cluster.Cluster;
import dev.damselfly.scheduler.gc.GarbageCollector;
import dev.damselfly.scheduler.host.HostCalls;
import dev.damselfly.scheduler.host.Hosts;
import dev.damselfly.scheduler.seed.FakeSeeds;
import dev.damselfly.scheduler.swarm.Grants;
import dev.damselfly.scheduler.swarm.SwarmConfig;
import dev.damselfly.scheduler.swarm.Swarms;
import dev.damselfly.scheduler.task.TaskKey;
import dev.damselfly.scheduler.task.Tasks;
import dev.damselfly.scheduler.time.ManualTimer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;

/// A scheduler's features without transport, twelve hosts, and the operations of a script on them.
final class SwarmWorld {
  static final int HOSTS = 12;
  static final int PER_IDENTITY = 4;
  static final long PIECE = 4L << 20;
  static final List<TaskKey> TASKS =
      List.of(TaskKey.publicTask(new TaskId("a".repeat(64))), TaskKey.publicTask(new TaskId("b".repeat(64))));

  private static final int[] STEPS = {1, 10, 61, 450, 1800};
  /// Unsigned: signatures are the business of other targets, and cost more than all the rest.
  private static final Grants UNSIGNED =
      new Grants() {
        @Override
        public Grant sign(TaskId task, boolean restricted, SpiffeId child, List<SpiffeId> parents) {
          var claims = GrantClaims.newBuilder().setTaskId(task.value()).setChildSpiffeId(child.toString());
          parents.forEach(parent -> claims.addParentSpiffeIds(parent.toString()));
          return Grant.newBuilder().setClaims(claims.build().toByteString()).build();
        }

        @Override
        public ListGrantKeysResponse keys() {
          return ListGrantKeysResponse.getDefaultInstance();
        }
      };

  final ManualTimer timer = new ManualTimer();
  final Hosts hosts = new Hosts(100);
  final Tasks tasks = new Tasks(new Tasks.Limits(10, 40, PER_IDENTITY, 3), (_, _) -> new Sha256("0".repeat(64)), timer);
  final List<MeshActor> mesh = new ArrayList<>();
  final List<TreeActor> tree = new ArrayList<>();
  private final FakeSeeds seeds = new FakeSeeds();
  private final Swarms swarms;
  private final Announcements announcements;
  private final HostCalls.Departure departure;
  private final SwarmRules rules = new SwarmRules(this);
  private int nextPeer;

  SwarmWorld() {
    var random = new SplittableRandom(7);
    swarms = new Swarms(new Swarms.Scope(hosts, tasks, seeds, timer, random, UNSIGNED, SwarmConfig.DEFAULT, _ -> {}));
    announcements =
        new Announcements(
            new Announcements.Scope(hosts, tasks, new Cluster(), seeds, timer, random, AnnounceConfig.DEFAULT));
    departure =
        host -> {
          swarms.leave(host);
          tasks.leave(host);
        };
    for (int i = 0; i < HOSTS; i++) {
      announce(i);
    }
    new GarbageCollector(hosts, tasks, swarms, departure, timer, GarbageCollector.Rules.DEFAULT).start();
  }

  private void announce(int host) {
    hosts.announce(SwarmCast.caller(host), SwarmCast.id(host), SwarmCast.announced(host, timer.instant()));
  }

  void play(Script script) {
    for (int i = 0; i < 200 && script.hasNext(); i++) {
      step(script);
      rules.check();
    }
  }

  private void step(Script script) {
    int what = script.next(16);
    switch (what) {
      case 0, 1 -> join(script);
      case 2 -> advance(script.next(STEPS.length));
      case 3 -> register(script);
      case 4, 5, 6 -> pickTree(script).say(script);
      case 7 -> leave(script);
      default -> {
        if (!mesh.isEmpty()) {
          talk(mesh.get(script.next(mesh.size())), what - 8, script);
        }
      }
    }
  }

  private void advance(int step) {
    timer.advance(Duration.ofSeconds(STEPS[step]));
    for (int i = 0; i < HOSTS; i++) {
      announce(i);
    }
  }

  private void leave(Script script) {
    int host = script.next(HOSTS);
    seeds.available(script.next(2) == 1);
    hosts.find(SwarmCast.id(host)).ifPresent(gone -> {
      hosts.remove(gone);
      departure.gone(gone);
    });
    announce(host);
  }

  private String newPeer(int host) {
    return SwarmCast.id(host) + "-" + nextPeer++;
  }

  static Download download(int task) {
    return Download.newBuilder()
        .setUrl("http://origin.example/" + task)
        .setActualContentLength(pieces(task) * PIECE)
        .setActualPieceLength(PIECE)
        .setActualPieceCount(pieces(task))
        .build();
  }

  private static int pieces(int task) {
    return 4 + 8 * task;
  }

  private void join(Script script) {
    int host = script.next(HOSTS);
    int task = script.next(TASKS.size());
    int flags = script.next(16);
    String peer = newPeer(host);
    var actor = new MeshActor(peer, host, task, timer);
    mesh.add(actor);
    actor.opened(swarms.join(actor, SwarmCast.caller(host)));
    var facts = ContentFacts.newBuilder().setContentLength(pieces(task) * PIECE).setPieceLength(PIECE).setRanges(true);
    var register =
        Register.newBuilder()
            .setHostId(SwarmCast.id(host))
            .setPeerId(peer)
            .setTaskId(TASKS.get(task).id().value())
            .setDownload(download(task))
            .setContent(facts)
            .setMayUseOrigin((flags & 1) == 0)
            .setOnlyServes((flags & 6) == 6)
            .setPiecePort(4005);
    if ((flags & 8) != 0) {
      register.addHeld(piece(script, task).setFromOrigin(true));
    }
    actor.say(JoinRequest.newBuilder().setRegister(register));
  }

  private static HeldPiece.Builder piece(Script script, int task) {
    int number = script.next(pieces(task));
    return HeldPiece.newBuilder().setNumber(number).setLength(PIECE).setSha256(content(number, script.next(8) == 7));
  }

  private static ByteString content(int number, boolean wrong) {
    byte[] sha = new byte[32];
    sha[0] = (byte) number;
    sha[1] = (byte) (wrong ? 1 : 0);
    return ByteString.copyFrom(sha);
  }

  private void talk(MeshActor actor, int what, Script script) {
    var message = JoinRequest.newBuilder();
    switch (what) {
      case 0 -> actor.say(message.setLeaseWanted(LeaseWanted.newBuilder().setPieces(script.next(40))));
      case 1 -> report(actor, script);
      case 2 -> {
        var piece = piece(script, actor.task).setParentPeerId(somebody(script));
        actor.say(message.setHeld(PiecesHeld.newBuilder().addPieces(piece)));
      }
      case 3 -> giveBack(actor, script);
      case 4 -> actor.say(message.setParentLost(ParentLost.newBuilder().setPeerId(somebody(script))));
      case 5 -> {
        int number = script.next(pieces(actor.task));
        var wrong = content(number, script.next(4) != 0);
        actor.say(message.setMismatch(
            PieceMismatch.newBuilder().setParentPeerId(somebody(script)).setNumber(number).setActualSha256(wrong)));
      }
      case 6 -> actor.say(message.setLeft(Left.newBuilder().setOutcomeValue(1 + script.next(3))));
      default -> {
        if (script.next(2) == 0) {
          actor.halfClose();
        } else {
          actor.breakOff();
        }
      }
    }
  }

  private String somebody(Script script) {
    return mesh.get(script.next(mesh.size())).peerId;
  }

  /// A lease of its own, of another member, or one that may have ended.
  private static long lease(MeshActor actor, Script script) {
    int which = script.next(32);
    var own = List.copyOf(actor.leases.keySet());
    return which < 24 && !own.isEmpty() ? own.get(which % own.size()) : 1 + script.next(32);
  }

  private void report(MeshActor actor, Script script) {
    long lease = lease(actor, script);
    var piece = piece(script, actor.task).setFromOrigin(true).setLeaseId(lease);
    MeshActor.Open open = actor.leases.get(lease);
    if (open != null && !open.pieces.isEmpty() && script.next(4) != 0) {
      piece.setNumber(open.pieces.iterator().next()).setSha256(content(open.pieces.iterator().next(), script.next(8) == 7));
    }
    actor.read(lease, piece.getNumber());
    actor.say(JoinRequest.newBuilder().setHeld(PiecesHeld.newBuilder().addPieces(piece)));
  }

  private void giveBack(MeshActor actor, Script script) {
    long lease = lease(actor, script);
    var returned = LeaseReturned.newBuilder().setLeaseId(lease).setReasonValue(1 + script.next(3));
    int count = script.next(4);
    for (int i = 0; i < count; i++) {
      int number = script.next(pieces(actor.task));
      returned.addNumbers(number);
      actor.giveBack(lease, number);
    }
    if (count == 0) {
      actor.leases.remove(lease);
    }
    actor.say(JoinRequest.newBuilder().setLeaseReturned(returned));
  }

  private void register(Script script) {
    int host = script.next(HOSTS);
    int task = script.next(TASKS.size());
    boolean again = script.next(4) == 3 && !tree.isEmpty();
    TreeActor earlier = again ? tree.get(script.next(tree.size())) : null;
    var actor =
        earlier == null
            ? new TreeActor(newPeer(host), host, task, PIECE)
            : new TreeActor(earlier.peerId, earlier.host, earlier.task, PIECE);
    tree.add(actor);
    rules.forget(actor.peerId);
    actor.open(announcements, download(actor.task), script.next(8));
  }

  private TreeActor pickTree(Script script) {
    return tree.isEmpty() ? TreeActor.NOBODY : tree.get(script.next(tree.size()));
  }
}
