package dev.damselfly.scheduler.swarm;

import dev.damselfly.api.wire.common.v2.Download;
import dev.damselfly.scheduler.seed.PublicDownload;
import dev.damselfly.scheduler.task.TaskKey;
import java.time.Duration;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// When a swarm calls a seed peer: for its first member where seeds are preferred, and whenever nobody in it can go to
/// the origin for what is missing. Never for restricted content: a seed has no caller of its own at the origin.
///
/// Not thread-safe: the swarm owns it, and calls it under its lock; the call itself goes out after the lock is released.
final class SeedCall {
  /// How long a seed that was called may take to join, before it is called again.
  static final Duration CHECK = Duration.ofSeconds(5);

  private final TaskKey key;
  private final Optional<Download> download;
  private final Swarms.Scope scope;
  private final Roster roster;
  private final Supply supply;
  private final Aftermath aftermath;
  private boolean asked;

  SeedCall(TaskKey key, Download download, Swarms.Scope scope, Roster roster, Supply supply, Aftermath aftermath) {
    this.key = key;
    this.download = key.restricted() ? Optional.empty() : PublicDownload.of(download);
    this.scope = scope;
    this.roster = roster;
    this.supply = supply;
    this.aftermath = aftermath;
  }

  /// The first member came: where seeds are preferred, one is called and the members wait a little for it.
  ///
  /// @param wake runs when the wait is over
  /// @param due runs when a call should have been answered
  void first(Member member, Runnable wake, Runnable due) {
    var leases = scope.config().leases();
    if (leases.preferSeed() && roster.size() == 1 && !member.host.isSeed() && download.isPresent() && scope.seeds().isAvailable()) {
      supply.holdBackPeers(scope.timer().instant().plus(leases.seedWait()));
      scope.timer().after(leases.seedWait(), wake);
      call(download.get(), due);
    }
  }

  /// Calls a seed when nobody here can go to the origin for what is missing.
  void ifStarving(@Nullable FixedContent content, Runnable due) {
    if (!asked && download.isPresent() && isStarving(content)) {
      call(download.get(), due);
    }
  }

  /// The time for the answer is over.
  void overdue() {
    asked = false;
  }

  private void call(Download wanted, Runnable due) {
    asked = true;
    aftermath.add(() -> scope.seeds().trigger(key, wanted));
    scope.timer().after(CHECK, due);
  }

  private boolean isStarving(@Nullable FixedContent content) {
    boolean missing =
        content == null
            || content.layout().isEmpty()
            || roster.holdings().held().cardinality() < content.layout().get().count();
    return missing
        && roster.all().stream().anyMatch(member -> !member.onlyServes)
        && roster.all().stream().noneMatch(supply::mayLease);
  }
}
