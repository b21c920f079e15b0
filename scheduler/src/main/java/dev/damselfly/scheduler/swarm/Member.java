package dev.damselfly.scheduler.swarm;

import dev.damselfly.api.error.Field;
import dev.damselfly.api.error.RequestFailure.Malformed;
import dev.damselfly.api.id.ByteRange;
import dev.damselfly.api.id.Sha256;
import dev.damselfly.api.wire.damselfly.v1.JoinEvent;
import dev.damselfly.api.wire.damselfly.v1.LeaseWanted;
import dev.damselfly.authz.identity.SpiffeId;
import dev.damselfly.scheduler.host.Host;
import dev.damselfly.scheduler.host.HostLoad;
import dev.damselfly.scheduler.stream.Outbox;
import dev.damselfly.scheduler.task.PeerEvent;
import dev.damselfly.scheduler.task.Task;
import dev.damselfly.scheduler.task.TaskSizes;
import dev.damselfly.scheduler.time.Timer;
import java.util.BitSet;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/// One Join stream: a peer of a swarm while it is there. The swarm's lock guards every field; the outbox guards itself.
final class Member {
  static final int MAX_REMEMBERED = 1000;

  final String peerId;
  final Host host;
  final Task task;
  final int piecePort;
  final boolean mayUseOrigin;
  final Outbox<JoinEvent> outbox;

  /// Pieces that count: proven by an attestation.
  final BitSet held = new BitSet();

  /// Pieces on its disk for which nothing is attested yet.
  final Map<Integer, Claim> unproven = new HashMap<>();

  /// Parents now, by peer id.
  final Map<String, Link> parents = new LinkedHashMap<>();

  /// The parent through which everything reaches it; empty while there is none.
  String anchor = "";

  /// Members that have it as a parent.
  final Set<Member> children = new LinkedHashSet<>();

  /// Peers that were parents once: only these can be blamed.
  final Set<String> everParents = new HashSet<>();

  final Set<String> blocked = new HashSet<>();
  final Optional<ByteRange> range;

  /// Pieces `[from, to)` that it wants leases of.
  int from;
  int to = Integer.MAX_VALUE;
  int demand;

  /// Position in the order of arrival.
  long place;

  /// Pieces leased to it so far.
  int leased;
  boolean onlyServes;
  volatile boolean gone;
  boolean finished;
  boolean offered;
  Timer.Alarm renewal = () -> {};
  boolean renewing;

  /// What the member said when it registered.
  record Wishes(int piecePort, boolean mayUseOrigin, Optional<ByteRange> range) {}

  /// A piece as its holder describes it.
  record Claim(long length, Sha256 sha256) {}

  /// Why and at what cost another member is a parent.
  record Link(Member parent, HostLoad.Cost cost, boolean random, String reason) {}

  Member(String peerId, Host host, Task task, Wishes wishes, Outbox<JoinEvent> outbox) {
    this.peerId = peerId;
    this.host = host;
    this.task = task;
    this.piecePort = wishes.piecePort();
    this.mayUseOrigin = wishes.mayUseOrigin();
    this.range = wishes.range();
    this.outbox = outbox;
  }

  SpiffeId identity() {
    return host.owner();
  }

  /// What the content means for it: its task's sizes, and the pieces of the range that it wants.
  void told(FixedContent known) {
    known.layout().ifPresent(
        layout -> {
          task.fixSizes(TaskSizes.of(layout));
          range.ifPresent(
              wanted -> {
                from = Field.parse("download.range", () -> layout.first(wanted)).value();
                to = Field.parse("download.range", () -> layout.last(wanted)).value() + 1;
              });
        });
  }

  /// The pieces that it wants leases of from now on, if a demand says so.
  void narrow(LeaseWanted wanted) {
    if (wanted.getPieces() < 0) {
      throw new Malformed("lease_wanted.pieces", "must fit 31 bits");
    }
    if (wanted.getFirst() == 0 && wanted.getEnd() == 0) {
      return;
    }
    if (wanted.getFirst() < 0 || wanted.getEnd() <= wanted.getFirst()) {
      throw new Malformed("lease_wanted.end", "must be above first and fit 31 bits");
    }
    from = wanted.getFirst();
    to = wanted.getEnd();
  }

  /// It has everything.
  void succeeded() {
    task.tryFire(peerId, PeerEvent.DOWNLOAD_SUCCEEDED);
    task.succeeded();
  }
}
