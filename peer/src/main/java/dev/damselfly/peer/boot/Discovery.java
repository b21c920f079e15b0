package dev.damselfly.peer.boot;

import dev.damselfly.authz.guard.GuardedChannels;
import dev.damselfly.authz.identity.Expected;
import dev.damselfly.authz.identity.Role;
import dev.damselfly.peer.block.BlockLists;
import dev.damselfly.peer.discover.HostAnnouncer;
import dev.damselfly.peer.discover.HostFacts;
import dev.damselfly.peer.discover.HostSelf;
import dev.damselfly.peer.discover.ManagerDirectory;
import dev.damselfly.peer.discover.SchedulerGrantKeys;
import dev.damselfly.peer.discover.Schedulers;
import dev.damselfly.peer.time.Timer;
import io.grpc.ManagedChannel;
import java.time.InstantSource;

/// Wires what finds schedulers, and the parts that ask them.
record Discovery(GuardedChannels channels, HostSelf self, HostFacts facts, Timer timer, InstantSource clock) {
  /// Not started.
  ///
  /// @param blocks is told what the manager says
  Schedulers schedulers(ManagedChannel manager, BlockLists blocks, LateParts late) {
    Expected expected = Expected.role(Role.SCHEDULER).inCluster(self.cluster());
    var schedulers =
        new Schedulers(
            new ManagerDirectory(manager, self, blocks::told),
            address -> channels.open(address, expected),
            new HostAnnouncer(facts),
            timer);
    late.keys(
        new SchedulerGrantKeys(
            schedulers::all, (address, scheduler) -> channels.open(address, expected.exactly(scheduler)), clock));
    late.owners(
        (scheduler, task) ->
            schedulers.owner(task).filter(node -> node.hostname().equals(scheduler.path().getLast())).isPresent());
    return schedulers;
  }
}
