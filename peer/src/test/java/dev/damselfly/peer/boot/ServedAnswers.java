package dev.damselfly.peer.boot;

import dev.damselfly.authz.identity.IdentitySnapshot;
import dev.damselfly.authz.limits.Limits;
import dev.damselfly.authz.limits.Part;
import dev.damselfly.authz.testing.FixedIdentity;
import dev.damselfly.peer.block.BlockLists;
import dev.damselfly.peer.control.LocalAnswers;
import dev.damselfly.peer.discover.HostAnnouncer;
import dev.damselfly.peer.discover.HostFacts;
import dev.damselfly.peer.discover.HostSelf;
import dev.damselfly.peer.discover.Schedulers;
import dev.damselfly.peer.store.PieceStore;
import dev.damselfly.peer.time.Timer;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.List;
import org.jspecify.annotations.NullMarked;

/// What a daemon without schedulers says about itself.
@NullMarked
public final class ServedAnswers {
  private ServedAnswers() {}

  public static LocalAnswers of(PieceStore store, IdentitySnapshot svid, Timer timer, InstantSource clock, Runnable stopping) {
    var self = new HostSelf("10.0.0.77", "self", false, "east", 4000, 4005, "", "");
    var schedulers =
        new Schedulers(
            List::of,
            address -> {
              throw new IllegalStateException("there is nobody at " + address);
            },
            new HostAnnouncer(new HostFacts(self, Path.of("/"), Path.of("/proc"))),
            timer);
    return new DaemonAnswers(
        store,
        1L << 30,
        new FixedIdentity(svid),
        clock,
        self,
        schedulers,
        Limits.of(Part.PEER),
        BlockLists.open(Path.of("/nowhere"), "east", false, event -> {}),
        new DaemonAnswers.Surroundings(List::of, stopping));
  }
}
