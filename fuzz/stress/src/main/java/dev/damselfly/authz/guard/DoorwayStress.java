package dev.damselfly.authz.guard;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import dev.damselfly.authz.identity.SpiffeId;
import dev.damselfly.authz.limits.Bound;
import dev.damselfly.authz.limits.Limits;
import dev.damselfly.authz.limits.Part;
import java.util.Map;
import org.jspecify.annotations.NullMarked;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.ZZ_Result;

/// A socket that closes in the moment in which its handshake ends, at a door for one: its places come back, that of the
/// socket, of the handshake and of the identity (B-09, B-10, B-40).
@NullMarked
@JCStressTest
@Outcome(id = {"true, true", "false, true"}, expect = ACCEPTABLE, desc = "the next one comes in")
@Outcome(expect = FORBIDDEN, desc = "a place is lost")
@State
public class DoorwayStress {
  private static final SpiffeId ID = SpiffeId.parse("spiffe://td.test/damselfly/peer/c1/alice");

  private final Doorway door =
      new Doorway(
          Limits.configured(
              Part.SCHEDULER,
              Map.of(Bound.CONNECTIONS.key(), 1L, Bound.CONNECTIONS_PER_IDENTITY.key(), 1L, Bound.HANDSHAKES.key(), 1L)),
          _ -> {},
          () -> 0);
  private final Doorway.Place place = door.enter("127.0.0.1").orElseThrow();

  @Actor
  public void handshake(ZZ_Result r) {
    r.r1 = place.belongsTo(ID);
  }

  @Actor
  public void close() {
    place.leave();
  }

  @Arbiter
  public void next(ZZ_Result r) {
    r.r2 = door.enter("127.0.0.1").map(next -> next.belongsTo(ID)).orElse(false);
  }
}
