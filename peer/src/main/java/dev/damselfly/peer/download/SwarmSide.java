package dev.damselfly.peer.download;

import dev.damselfly.peer.content.PieceRecord;
import dev.damselfly.peer.content.PieceSource;
import dev.damselfly.peer.swarm.Membership;
import dev.damselfly.peer.swarm.Registration;
import dev.damselfly.peer.swarm.SwarmEvent;
import dev.damselfly.peer.swarm.Swarms;
import dev.damselfly.peer.time.Timer;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// The session's place at its scheduler: joins, joins again after a loss, and knows which leases count there.
/// Confined to the session's thread.
final class SwarmSide {
  private final Swarms swarms;
  private final Timer timer;
  private final Consumer<SessionEvent> session;
  private final Set<Long> leases = new HashSet<>();
  private @Nullable Membership membership;
  private int number;
  private boolean registered;
  private long registeredAt;
  private boolean refused;
  private Duration backoff = DownloadConfig.REJOIN_MIN;
  private Timer.@Nullable Alarm rejoin;

  SwarmSide(Swarms swarms, Timer timer, Consumer<SessionEvent> session) {
    this.swarms = swarms;
    this.timer = timer;
    this.session = session;
  }

  /// Enters the swarm; the answer is an event. Without a known scheduler another try follows.
  void join(Registration registration) {
    leave();
    number++;
    int mine = number;
    Optional<Membership> joined =
        swarms.join(normal(registration), event -> session.accept(new SessionEvent.FromSwarm(mine, event)));
    if (joined.isPresent()) {
      membership = joined.get();
    } else {
      tryLater();
    }
  }

  /// Events of earlier memberships mean nothing.
  boolean isCurrent(int membershipNumber) {
    return membershipNumber == number;
  }

  void registered() {
    registered = true;
    registeredAt = timer.nanos();
  }

  boolean isRegistered() {
    return registered;
  }

  boolean isMember() {
    return membership != null;
  }

  void leased(SwarmEvent.Leased lease) {
    leases.add(lease.leaseId());
  }

  /// The stream is over: look for schedulers at once, and join again soon; later and later while no membership lasts.
  ///
  /// @param answered the scheduler said why
  void lost(boolean answered) {
    boolean lasted = registered && timer.nanos() - registeredAt >= DownloadConfig.REJOIN_MAX.toNanos();
    if (lasted) {
      backoff = DownloadConfig.REJOIN_MIN;
    }
    refused = !lasted && (registered || answered);
    membership = null;
    registered = false;
    leases.clear();
    swarms.refresh();
    tryLater();
  }

  /// Schedulers that were found are worth a try before its time. Not so after one that answered and let this host not in
  /// for long: it was found before, and each loss makes all sessions look for schedulers.
  boolean mayHurry() {
    return !refused;
  }

  /// Another try to join is due later.
  boolean isWaiting() {
    return rejoin != null;
  }

  void waited() {
    rejoin = null;
  }

  private void tryLater() {
    if (rejoin != null) {
      rejoin.cancel();
    }
    rejoin = timer.after(backoff, () -> session.accept(new SessionEvent.Due(SessionEvent.What.REJOIN)));
    Duration doubled = backoff.multipliedBy(2);
    backoff = doubled.compareTo(DownloadConfig.REJOIN_MAX) > 0 ? DownloadConfig.REJOIN_MAX : doubled;
  }

  /// The member to tell things to; absent while there is none.
  Optional<Membership> member() {
    return Optional.ofNullable(membership);
  }

  void report(PieceRecord piece) {
    member().ifPresent(member -> member.held(List.of(normal(piece))));
  }

  /// Ends the membership, if there is one, and its next try.
  void leave() {
    number++;
    if (rejoin != null) {
      rejoin.cancel();
      rejoin = null;
    }
    if (membership != null) {
      membership.close();
      membership = null;
    }
    registered = false;
    leases.clear();
  }

  private Registration normal(Registration registration) {
    return new Registration(
        registration.task(),
        registration.download(),
        registration.content(),
        registration.mayUseOrigin(),
        registration.restricted(),
        registration.held().stream().map(this::normal).toList(),
        registration.onlyServes());
  }

  /// A lease of an earlier membership means nothing here: the piece counts as one of an earlier run.
  private PieceRecord normal(PieceRecord piece) {
    if (!(piece.source() instanceof PieceSource.Origin origin) || leases.contains(origin.leaseId())) {
      return piece;
    }
    return new PieceRecord(
        piece.number(),
        piece.range(),
        piece.sha256(),
        piece.crc32(),
        new PieceSource.Origin(0),
        piece.verifiedAgainst(),
        piece.at());
  }
}
