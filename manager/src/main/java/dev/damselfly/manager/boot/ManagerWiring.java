package dev.damselfly.manager.boot;

import dev.damselfly.authz.audit.Audit;
import dev.damselfly.authz.identity.Caller;
import dev.damselfly.manager.application.ApplicationRpc;
import dev.damselfly.manager.application.ApplicationStore;
import dev.damselfly.manager.cluster.ClusterStore;
import dev.damselfly.manager.cluster.Clusters;
import dev.damselfly.manager.member.Denials;
import dev.damselfly.manager.member.KeepAliveRpc;
import dev.damselfly.manager.member.LiveRows;
import dev.damselfly.manager.member.MemberKind;
import dev.damselfly.manager.scheduler.SchedulerMessages;
import dev.damselfly.manager.scheduler.SchedulerRpc;
import dev.damselfly.manager.scheduler.Schedulers;
import dev.damselfly.manager.seed.SeedPeers;
import dev.damselfly.manager.seed.SeedRpc;
import dev.damselfly.manager.store.Database;
import java.time.InstantSource;
import java.util.Optional;
import java.util.function.Supplier;

/// The objects of one manager, joined.
///
/// @param legacy what programs without an identity may ask; absent without a listener for them
record ManagerWiring(ManagerRpc service, Optional<LegacyManagerRpc> legacy, LiveRows schedulers, LiveRows seeds) {
  static ManagerWiring wire(
      ManagerConfig config, Database database, Audit audit, InstantSource clock, Supplier<Caller> callers) {
    var clusters = new Clusters(new ClusterStore(database, clock).declare(config.clusters()));
    var applications = new ApplicationStore(database, clock).declare(config.applications());
    var seedPeers = new SeedPeers(database, clusters, audit, clock);
    var schedulers = new Schedulers(database, clusters, seedPeers, audit, clock);
    var liveSchedulers = new LiveRows(database, MemberKind.SCHEDULER, clock);
    var liveSeeds = new LiveRows(database, MemberKind.SEED_PEER, clock);
    var denials = new Denials(audit);
    var schedulerRpc = new SchedulerRpc(schedulers);
    var service =
        new ManagerRpc(
            callers,
            denials,
            schedulerRpc,
            new SeedRpc(
                seedPeers,
                clusters,
                cluster -> schedulers.activeIn(cluster).stream().map(SchedulerMessages::scheduler).toList()),
            new ApplicationRpc(applications),
            new KeepAliveRpc(clusters, liveSchedulers, liveSeeds, audit, denials));
    var legacy = config.legacy().map(own -> new LegacyManagerRpc(callers, denials, schedulerRpc, own.schedulerPort()));
    return new ManagerWiring(service, legacy, liveSchedulers, liveSeeds);
  }

  /// Streams do not outlive the process, so neither does an active row.
  void nobodyLives() {
    schedulers.reset();
    seeds.reset();
  }

  void sweep() {
    schedulers.sweep();
    seeds.sweep();
  }
}
