package dev.damselfly.scheduler.gc;

import dev.damselfly.scheduler.host.Host;
import dev.damselfly.scheduler.host.HostCalls;
import dev.damselfly.scheduler.host.Hosts;
import dev.damselfly.scheduler.swarm.Swarms;
import dev.damselfly.scheduler.task.PeerAge;
import dev.damselfly.scheduler.task.PeerEvent;
import dev.damselfly.scheduler.task.PeerState;
import dev.damselfly.scheduler.task.Task;
import dev.damselfly.scheduler.task.Tasks;
import dev.damselfly.scheduler.time.Timer;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;

/// Removes peers, tasks, swarms and hosts that nobody refreshes. `start` and `close` belong to the process.
public final class GarbageCollector implements AutoCloseable {
  private static final int CROWDED = 300;

  private final Hosts hosts;
  private final Tasks tasks;
  private final Swarms swarms;
  private final HostCalls.Departure departure;
  private final Timer timer;
  private final Rules rules;
  private final List<Timer.Alarm> alarms = new ArrayList<>();

  /// Ages and intervals.
  ///
  /// @param pieceTimeout a download without a new piece for this long leaves
  /// @param peerTtl a peer without any sign of life leaves
  /// @param hostTtl a peer whose host was silent for this long leaves
  public record Rules(
      Duration peerInterval,
      Duration taskInterval,
      Duration swarmInterval,
      Duration hostInterval,
      Duration pieceTimeout,
      Duration peerTtl,
      Duration hostTtl) {
    public static final Rules DEFAULT =
        new Rules(
            Duration.ofSeconds(10),
            Duration.ofMinutes(30),
            Duration.ofMinutes(1),
            Duration.ofMinutes(5),
            Duration.ofMinutes(30),
            Duration.ofDays(1),
            Duration.ofHours(1));
  }

  public GarbageCollector(
      Hosts hosts, Tasks tasks, Swarms swarms, HostCalls.Departure departure, Timer timer, Rules rules) {
    this.hosts = hosts;
    this.tasks = tasks;
    this.swarms = swarms;
    this.departure = departure;
    this.timer = timer;
    this.rules = rules;
  }

  public void start() {
    alarms.add(timer.every(rules.peerInterval(), this::sweepPeers));
    alarms.add(timer.every(rules.taskInterval(), this::sweepTasks));
    alarms.add(timer.every(rules.swarmInterval(), swarms::sweep));
    alarms.add(timer.every(rules.hostInterval(), this::sweepHosts));
  }

  @Override
  public void close() {
    alarms.forEach(Timer.Alarm::cancel);
  }

  void sweepPeers() {
    Instant now = timer.instant();
    for (Task task : tasks.all()) {
      List<PeerAge> peers = tasks.ages(task);
      for (PeerAge peer : peers) {
        if (peer.state() == PeerState.LEAVE) {
          tasks.remove(task, peer.id(), peer.host());
        } else if (mustLeave(peer, now)) {
          task.tryFire(peer.id(), PeerEvent.LEAVES);
        } else if (peers.size() > CROWDED && peer.state() == PeerState.SUCCEEDED && peer.degree() == 0 && !peer.live()) {
          tasks.remove(task, peer.id(), peer.host());
        }
      }
    }
  }

  private boolean mustLeave(PeerAge peer, Instant now) {
    boolean loading = peer.state() == PeerState.RUNNING || peer.state() == PeerState.BACK_TO_SOURCE;
    return !peer.host().facts().shared()
        || !peer.live() && loading && isOlder(peer.pieceAt(), rules.pieceTimeout(), now)
        || !peer.live() && isOlder(peer.updatedAt(), rules.peerTtl(), now)
        || isOlder(peer.host().announced().at(), rules.hostTtl(), now)
        || peer.state() == PeerState.FAILED;
  }

  void sweepTasks() {
    tasks.all().forEach(tasks::removeIfEmpty);
  }

  void sweepHosts() {
    Instant now = timer.instant();
    for (Host host : hosts.all()) {
      if (host.isSilent(now)) {
        hosts.remove(host);
        departure.gone(host);
      }
    }
  }

  private static boolean isOlder(Instant since, Duration age, Instant now) {
    return since.plus(age).isBefore(now);
  }
}
