package dev.damselfly.peer.transfer;

import static org.assertj.core.api.Assertions.assertThat;

import dev.damselfly.api.assurance.Threat;
import dev.damselfly.api.id.PieceNumber;
import dev.damselfly.authz.identity.SpiffeId;
import dev.damselfly.authz.testing.ManualClock;
import dev.damselfly.authz.testing.TestCa;
import dev.damselfly.peer.content.Attestation;
import dev.damselfly.peer.store.IncomingPiece;
import dev.damselfly.peer.store.StoredTask;
import dev.damselfly.peer.testing.GrantMint;
import dev.damselfly.peer.testing.LinkEvents;
import dev.damselfly.peer.testing.LinkEvents.Event;
import dev.damselfly.peer.testing.TestHost;
import dev.damselfly.peer.upload.PieceListener;
import dev.damselfly.peer.upload.UploadLimits;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Random;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// Two hosts whose SVIDs live for a minute and are renewed at half of it, real TLS on loopback, time by hand.
@NullMarked
@Timeout(240)
class RotationTest {
  private static final Duration LIFE = Duration.ofSeconds(60);
  private static final Duration STEP = Duration.ofSeconds(4);
  private static final int PIECES = 48;
  private static final int IN_FLIGHT = 3;
  private static final String PARENT = "/damselfly/seed-peer/c1/parent";
  private static final String CHILD = "/damselfly/peer/c1/child";

  private final ManualClock clock = ManualClock.now();
  private final TestCa ca = TestCa.root("td.test");
  private final GrantMint mint = new GrantMint(SpiffeId.parse("spiffe://td.test/damselfly/scheduler/c1/s1"), clock);
  private final TestHost parent;
  private final TestHost child;
  private final StoredTask source;
  private final StoredTask target;
  private final PieceListener listener;
  private final LinkEvents events = new LinkEvents();
  private final Deque<IncomingPiece> sinks = new ArrayDeque<>();
  private int asked;
  private int taken;
  private int connections;

  RotationTest(@TempDir Path directory) throws Exception {
    parent = new TestHost(ca, PARENT, directory.resolve("parent"), clock, clock);
    child = new TestHost(ca, CHILD, directory.resolve("child"), clock, clock);
    rotate();
    source = parent.task("file", PIECES * TestHost.PIECE, false);
    target = child.task("file", PIECES * TestHost.PIECE, false);
    listener = parent.listen(mint, UploadLimits.standard());
  }

  @AfterEach
  void close() {
    sinks.forEach(IncomingPiece::close);
    child.close();
    parent.close();
  }

  /// Both hosts get SVIDs that live from now on for a minute.
  private void rotate() {
    renew(parent, PARENT);
    renew(child, CHILD);
  }

  private void renew(TestHost host, String path) {
    Instant now = clock.instant();
    var svid = ca.svid(path, spec -> spec.validity(now.minusSeconds(1), now.plus(LIFE)));
    host.identity.set(svid.snapshot(ca.bundles(), host.identity.current().generation() + 1));
  }

  private void fill() {
    byte[] bytes = new byte[(int) TestHost.PIECE];
    new Random(1).nextBytes(bytes);
    for (int number = 0; number < PIECES; number++) {
      bytes[0] = (byte) number;
      TestHost.put(source, number, ByteBuffer.wrap(bytes.clone()));
    }
  }

  private ParentLink open() throws InterruptedException {
    var grant = mint.grant(source.id(), child.id(), parent.id());
    var link = child.links(TransferLimits.standard()).open(parent.asParent(source, listener.port(), grant), events);
    events.next(Event.Ready.class);
    return link;
  }

  private void ask(ParentLink link, int number) {
    var record = source.record(new PieceNumber(number)).orElseThrow();
    sinks.add(TestHost.mine(target, number));
    link.request(
        new Attestation(record.number(), record.range().length(), record.sha256(), "spiffe://td.test/x", 1), sinks.getLast());
  }

  /// Takes what comes until a piece or a new connection came; whatever fails, fails the test.
  private void take(Class<? extends Event> wanted) throws InterruptedException {
    Event event;
    do {
      event = events.next();
      switch (event) {
        case Event.Received received -> {
          target.commit(received.piece());
          taken++;
        }
        case Event.Have _ -> connections++; // a new connection says again what is there
        case Event.Ready _, Event.Failed _, Event.Closed _ -> throw new AssertionError(event);
      }
    } while (!wanted.isInstance(event));
  }

  private void sweep() {
    parent.connections.sweep();
    child.connections.sweep();
  }

  @Test
  @Threat("B-17")
  void transfer_goesOnWhileSvidsRotate() throws Exception {
    fill();
    var link = open();
    take(Event.Have.class);
    Instant rotated = clock.instant();
    Instant renewal = renewalOf(rotated);
    while (taken < PIECES) {
      while (asked < Math.min(PIECES, taken + IN_FLIGHT)) {
        ask(link, asked++);
      }
      take(Event.Received.class);
      clock.advance(STEP);
      if (!clock.instant().isBefore(rotated.plus(LIFE.dividedBy(2)))) {
        rotate();
        rotated = clock.instant();
      }
      sweep();
      if (!clock.instant().isBefore(renewal)) {
        take(Event.Have.class); // time by hand must not run faster than the handshake
        renewal = renewalOf(rotated);
      }
    }

    assertThat(target.complete()).isTrue();
    assertThat(link.inFlight()).isZero();
    assertThat(connections).isGreaterThan(4);
  }

  @Test
  @Threat({"F-23", "S-VTX-1"})
  void link_endsWhenTheParentsBundleLosesTheChild() throws Exception {
    open();

    parent.identity.set(ca.svid(PARENT).snapshot(TestCa.root("td.test").bundles(), 9));

    assertThat(events.next(Event.Closed.class)).isNotNull();
  }

  @Test
  @Threat({"F-23", "S-VTX-1"})
  void link_endsWhenTheChildsBundleLosesTheParent() throws Exception {
    open();

    child.identity.set(ca.svid(CHILD).snapshot(TestCa.root("td.test").bundles(), 9));

    assertThat(events.next(Event.Closed.class)).isNotNull();
  }

  /// When a connection that is made now is to be replaced.
  private Instant renewalOf(Instant issued) {
    Instant end = issued.plus(LIFE);
    return end.minus(Duration.between(clock.instant(), end).dividedBy(3));
  }
}
