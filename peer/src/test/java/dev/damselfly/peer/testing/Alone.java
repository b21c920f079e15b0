package dev.damselfly.peer.testing;

import dev.damselfly.authz.audit.Audit;
import dev.damselfly.peer.block.BlockGate;
import dev.damselfly.peer.download.Colleagues;
import dev.damselfly.peer.download.OriginReader;
import dev.damselfly.peer.origin.Origins;
import dev.damselfly.peer.store.PieceStore;
import dev.damselfly.peer.time.Timer;
import java.time.InstantSource;
import java.util.SplittableRandom;
import org.jspecify.annotations.NullMarked;

/// What downloads of a peer work with that has a store and origins, but neither scheduler nor parents.
@NullMarked
public final class Alone {
  private Alone() {}

  /// Nothing is blocked.
  public static Colleagues with(PieceStore store, Origins origins, Timer timer, InstantSource clock, Audit audit) {
    return with(store, origins, timer, clock, audit, attempt -> {});
  }

  public static Colleagues with(
      PieceStore store, Origins origins, Timer timer, InstantSource clock, Audit audit, BlockGate gate) {
    return new Colleagues(
        store,
        OriginReader.of(origins),
        new NoSwarms(),
        (parent, listener) -> {
          throw new IllegalStateException("there is no parent");
        },
        timer,
        clock,
        audit,
        new SplittableRandom(7),
        gate);
  }
}
