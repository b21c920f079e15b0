package dev.damselfly.peer.swarm;

import dev.damselfly.api.id.PeerId;
import dev.damselfly.api.id.TaskId;
import dev.damselfly.api.wire.damselfly.v1.Register;
import dev.damselfly.peer.discover.HostSelf;
import dev.damselfly.peer.discover.Schedulers;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.random.RandomGenerator;

/// Swarms of the schedulers that were found.
public final class GrpcSwarms implements Swarms {
  private final Schedulers schedulers;
  private final HostSelf self;
  private final RandomGenerator random;
  private final OptionalInt legacyPort;

  /// @param random makes member ids; must be thread-safe
  public GrpcSwarms(Schedulers schedulers, HostSelf self, RandomGenerator random) {
    this(schedulers, self, random, OptionalInt.empty());
  }

  /// @param legacyPort where children without an identity are served, if they are
  public GrpcSwarms(Schedulers schedulers, HostSelf self, RandomGenerator random, OptionalInt legacyPort) {
    this.schedulers = schedulers;
    this.self = self;
    this.random = random;
    this.legacyPort = legacyPort;
  }

  @Override
  public Optional<Membership> join(Registration registration, SwarmListener listener) {
    return schedulers
        .owner(registration.task())
        .map(node -> SwarmMember.open(node.channel(), registration.task(), message(registration), listener));
  }

  @Override
  public void refresh() {
    schedulers.refresh();
  }

  @Override
  public Subscription onFound(Runnable listener) {
    return schedulers.onFound(listener)::close;
  }

  @Override
  public boolean reachable(TaskId task) {
    return schedulers.owner(task).isPresent();
  }

  private Register message(Registration registration) {
    var register =
        Register.newBuilder()
            .setHostId(self.id().value())
            .setTaskId(registration.task().value())
            .setPeerId(PeerId.random(self.ip(), self.hostname(), self.seed(), random).value())
            .setDownload(Registration.withoutSecrets(registration.download()))
            .setMayUseOrigin(registration.mayUseOrigin())
            .setRestricted(registration.restricted())
            .setPiecePort(self.piecePort())
            .setOnlyServes(registration.onlyServes());
    if (!registration.restricted()) {
      legacyPort.ifPresent(register::setLegacyPort);
    }
    registration.content().ifPresent(facts -> register.setContent(SwarmWire.facts(facts)));
    registration.held().forEach(piece -> register.addHeld(SwarmWire.held(piece)));
    return register.build();
  }
}
