package dev.damselfly.scheduler.swarm;

import dev.damselfly.api.error.Field;
import dev.damselfly.api.error.InvalidValue;
import dev.damselfly.api.error.Reason;
import dev.damselfly.api.error.RequestFailure;
import dev.damselfly.api.error.RequestFailure.Refused;
import dev.damselfly.api.id.ByteRange;
import dev.damselfly.api.id.TaskId;
import dev.damselfly.api.wire.common.v2.Range;
import dev.damselfly.api.wire.common.v2.TaskType;
import dev.damselfly.api.wire.damselfly.v1.JoinEvent;
import dev.damselfly.api.wire.damselfly.v1.JoinRequest;
import dev.damselfly.api.wire.damselfly.v1.Register;
import dev.damselfly.authz.identity.Caller;
import dev.damselfly.scheduler.host.Host;
import dev.damselfly.scheduler.stream.Outbox;
import dev.damselfly.scheduler.stream.Sink;
import dev.damselfly.scheduler.task.PeerSpec;
import dev.damselfly.scheduler.task.Task;
import dev.damselfly.scheduler.task.TaskKey;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// One Join stream. The transport calls `receive` one message at a time; the ends may come from any thread.
final class JoinSession {
  private static final int MAX_PEER_ID = 512;

  private final Swarms swarms;
  private final Swarms.Scope scope;
  private final Caller caller;
  private final Outbox<JoinEvent> outbox;
  private volatile @Nullable Membership membership;

  private record Membership(TaskKey key, Swarm swarm, Member member) {}

  JoinSession(Swarms swarms, Swarms.Scope scope, Caller caller, Sink<JoinEvent> sink) {
    this.swarms = swarms;
    this.scope = scope;
    this.caller = caller;
    this.outbox = new Outbox<>(sink, scope.config().outbox());
  }

  void receive(JoinRequest request) {
    Membership known = membership;
    if (known != null) {
      known.swarm().receive(known.member(), request);
      if (known.member().gone) {
        swarms.dropIfEmpty(known.key(), known.swarm());
      }
    } else if (request.hasRegister()) {
      register(request.getRegister());
    } else {
      throw new Refused(Reason.WRONG_STATE, "the first message of the stream registers the peer");
    }
  }

  private void register(Register register) {
    Host host = scope.hosts().requireOwned(register.getHostId(), caller);
    var id = Field.parse("task_id", () -> new TaskId(register.getTaskId()));
    String peerId = Field.parse("peer_id", () -> requirePeerId(register.getPeerId()));
    int port = Field.parse("piece_port", () -> requirePort(register.getPiecePort()));
    var download = register.getDownload();
    if (download.getType() != TaskType.STANDARD) {
      throw new Refused(Reason.NOT_SERVED, "only standard tasks have a swarm");
    }
    if (download.getRequestHeaderCount() > 0 || download.hasObjectStorage()) {
      throw new Refused(Reason.FORBIDDEN_FIELD, "download: request headers and credentials stay on the host");
    }
    Optional<ByteRange> range =
        download.hasRange()
            ? Optional.of(Field.parse("download.range", () -> range(download.getRange())))
            : Optional.empty();
    boolean origin = register.getMayUseOrigin() && scope.config().leases().roles().contains(caller.role());
    var key = new TaskKey(id, register.getRestricted());
    int legacyPort = register.getRestricted() ? 0 : register.getLegacyPort(); // restricted content stays among identities
    var spec = PeerSpec.of(peerId, host, download).withLegacyPort(legacyPort);
    join(register, key, spec, new Member.Wishes(port, origin, range));
  }

  private void join(Register register, TaskKey key, PeerSpec spec, Member.Wishes wishes) {
    Optional<Task> before = scope.tasks().find(key);
    boolean known = before.flatMap(task -> task.stateOf(spec.id())).isPresent();
    var download = register.getDownload();
    Task task = scope.tasks().admit(key, download, spec, outbox);
    var member = new Member(spec.id(), spec.host(), task, wishes, outbox);
    boolean joined = false;
    try {
      Swarm swarm = swarms.open(key, download);
      membership = new Membership(key, swarm, member);
      while (!swarm.join(member, register)) {
        swarms.dropIfEmpty(key, swarm);
        swarm = swarms.open(key, download);
        membership = new Membership(key, swarm, member);
      }
      joined = true;
    } finally {
      if (!joined && !known) { // a refused registration leaves nothing behind
        scope.tasks().remove(task, spec.id(), spec.host());
        if (before.isEmpty()) {
          scope.tasks().removeIfEmpty(task);
        }
      }
      if (outbox.isEnding()) {
        end(); // the stream ended while it was registered
      }
    }
  }

  void fail(RequestFailure failure) {
    outbox.fail(failure);
    end();
    outbox.drain();
  }

  void halfClosed() {
    outbox.complete();
    end();
    outbox.drain();
  }

  void lost() {
    outbox.abandon();
    end();
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

  private void end() {
    Membership known = membership;
    if (known != null) {
      known.swarm().leave(known.member());
      swarms.dropIfEmpty(known.key(), known.swarm());
    }
  }

  private static ByteRange range(Range wire) {
    return new ByteRange(wire.getStart(), wire.getLength());
  }

  private static int requirePort(int port) {
    if (port < 1024 || port > 65_534) {
      throw new InvalidValue("must be in [1024, 65534]");
    }
    return port;
  }

  private static String requirePeerId(String id) {
    if (id.isEmpty() || id.length() > MAX_PEER_ID) {
      throw new InvalidValue("must have 1 to " + MAX_PEER_ID + " characters");
    }
    for (int i = 0; i < id.length(); i++) {
      if (id.charAt(i) <= ' ' || id.charAt(i) > '~') {
        throw new InvalidValue("must be printable ASCII");
      }
    }
    return id;
  }
}
