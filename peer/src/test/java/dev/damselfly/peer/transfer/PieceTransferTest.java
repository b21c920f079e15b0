package dev.damselfly.peer.transfer;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import dev.damselfly.api.assurance.Threat;
import dev.damselfly.api.id.PieceNumber;
import dev.damselfly.authz.identity.SpiffeId;
import dev.damselfly.authz.testing.ManualClock;
import dev.damselfly.authz.testing.TestCa;
import dev.damselfly.peer.content.Attestation;
import dev.damselfly.peer.content.PieceRecord;
import dev.damselfly.peer.content.PieceSource;
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
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Two hosts, two stores, real TLS on loopback.
class PieceTransferTest {
  private static final int PIECES = 6;
  private static final int TAIL = 1000;
  private static final long LENGTH = (PIECES - 1) * TestHost.PIECE + TAIL;

  private final ManualClock clock = ManualClock.now();
  private final TestCa ca = TestCa.root("td.test");
  private final GrantMint mint = new GrantMint(SpiffeId.parse("spiffe://td.test/damselfly/scheduler/c1/s1"), clock);
  private TestHost parent;
  private TestHost child;
  private StoredTask source;
  private StoredTask target;

  @BeforeEach
  void hosts(@TempDir Path directory) throws Exception {
    parent = new TestHost(ca, "/damselfly/seed-peer/c1/parent", directory.resolve("parent"), clock);
    child = new TestHost(ca, "/damselfly/peer/c1/child", directory.resolve("child"), clock);
    source = parent.task("file", LENGTH, false);
    target = child.task("file", LENGTH, false);
  }

  @AfterEach
  void close() throws Exception {
    child.close();
    parent.close();
  }

  private static ByteBuffer content(int number) {
    byte[] bytes = new byte[number == PIECES - 1 ? TAIL : (int) TestHost.PIECE];
    new Random(number).nextBytes(bytes);
    return ByteBuffer.wrap(bytes);
  }

  private void fill() {
    for (int number = 0; number < PIECES; number++) {
      TestHost.put(source, number, content(number));
    }
  }

  private ByteString grant() {
    return mint.grant(source.id(), child.id(), parent.id());
  }

  private ParentLink open(PieceListener listener, LinkEvents events) {
    return child.links(TransferLimits.standard()).open(parent.asParent(source, listener.port(), grant()), events);
  }

  private Attestation attested(int number) {
    PieceRecord record = source.record(new PieceNumber(number)).orElseThrow();
    return new Attestation(record.number(), record.range().length(), record.sha256(), "spiffe://td.test/x", 1);
  }

  @Test
  void file_movesWholeWithAllRequestsInFlight() throws Exception {
    fill();
    var events = new LinkEvents();
    var link = open(parent.listen(mint, UploadLimits.standard()), events);
    events.next(Event.Ready.class);
    assertThat(events.next(Event.Have.class).numbers()).extracting(PieceNumber::value).containsExactly(0, 1, 2, 3, 4, 5);

    List<IncomingPiece> sinks = new ArrayList<>();
    for (int number = 0; number < PIECES; number++) {
      sinks.add(TestHost.mine(target, number));
      link.request(attested(number), sinks.getLast());
    }
    List<Integer> order = new ArrayList<>();
    for (int i = 0; i < PIECES; i++) {
      var piece = events.next(Event.Received.class).piece();
      order.add(piece.record().number().value());
      target.commit(piece);
    }

    assertThat(order).containsExactly(0, 1, 2, 3, 4, 5);
    assertThat(target.complete()).isTrue();
    assertThat(link.inFlight()).isZero();
    for (int number = 0; number < PIECES; number++) {
      var copy = ByteBuffer.allocate(content(number).remaining());
      try (var reader = target.read(new PieceNumber(number))) {
        reader.readFully(copy, reader.record().range().start());
      }
      assertThat(copy.flip()).isEqualTo(content(number));
    }
    sinks.forEach(IncomingPiece::close);
  }

  @Test
  void received_namesParentAndGrant() throws Exception {
    fill();
    var events = new LinkEvents();
    var link = open(parent.listen(mint, UploadLimits.standard()), events);
    try (var sink = TestHost.mine(target, 5)) {
      link.request(attested(5), sink);

      var source = (PieceSource.Parent) events.next(Event.Received.class).piece().record().source();

      assertThat(source.spiffeId()).isEqualTo(parent.id().toString());
      assertThat(source.peerId()).isEqualTo("parent-peer");
      assertThat(source.grant()).hasSize(12);
    }
  }

  @Test
  void commit_isPushedToTheChildAtOnce() throws Exception {
    var events = new LinkEvents();
    var link = open(parent.listen(mint, UploadLimits.standard()), events);
    events.next(Event.Ready.class);

    TestHost.put(source, 5, content(5));
    assertThat(events.next(Event.Have.class).numbers()).containsExactly(new PieceNumber(5));
    TestHost.put(source, 2, content(2));

    assertThat(events.next(Event.Have.class).numbers()).containsExactly(new PieceNumber(2));
    link.close();
    assertThat(events.next(Event.Closed.class).failure()).isEqualTo(ParentLink.Failure.CLOSED);
  }

  @Test
  void request_ofPieceThatIsNotHeldFailsAloneAndIsNewsWhenItComes() throws Exception {
    TestHost.put(source, 5, content(5));
    var events = new LinkEvents();
    var link = open(parent.listen(mint, UploadLimits.standard()), events);
    events.next(Event.Have.class);
    Attestation last = attested(5);
    try (var missing = TestHost.mine(target, 2);
        var held = TestHost.mine(target, 5)) {
      var expected = new Attestation(new PieceNumber(2), TestHost.PIECE, last.sha256(), "spiffe://td.test/x", 1);
      link.request(expected, missing);
      link.request(last, held);

      assertThat(events.next()).isEqualTo(new Event.Failed(2, ParentLink.Failure.NOT_FOUND));
      assertThat(events.next()).isInstanceOf(Event.Received.class);
    }
    TestHost.put(source, 2, content(2));

    assertThat(events.next(Event.Have.class).numbers()).containsExactly(new PieceNumber(2));
  }

  @Test
  @Threat("S-VTX-6")
  void grant_thatExpiresEndsTheLinkUnlessItWasRenewed() throws Exception {
    TestHost.put(source, 5, content(5));
    var events = new LinkEvents();
    var listener = parent.listen(mint, UploadLimits.standard());
    var claims = mint.claims(source.id(), child.id(), parent.id());
    // Half a second is left of it: expiry and leeway are 31 s after its begin.
    claims.setExpiresAtSeconds(claims.getNotBeforeSeconds() + 1);
    clock.set(Instant.ofEpochSecond(claims.getNotBeforeSeconds()).plus(Duration.ofMillis(30_500)));
    var links = child.links(TransferLimits.standard());
    var link = links.open(parent.asParent(source, listener.port(), mint.sign(claims.build())), events);
    events.next(Event.Ready.class);
    events.next(Event.Have.class);

    link.renewGrant(grant());
    var lapsed = new LinkEvents();
    links.open(parent.asParent(source, listener.port(), mint.sign(claims.build())), lapsed);

    assertThat(lapsed.next(Event.Closed.class).failure()).isEqualTo(ParentLink.Failure.REFUSED);
    try (var sink = TestHost.mine(target, 5)) {
      link.request(attested(5), sink);
      assertThat(events.next()).isInstanceOf(Event.Received.class);
    }
  }

  @Test
  void close_failsWhatIsAskedAndLeavesSinksUsable() throws Exception {
    fill();
    var events = new LinkEvents();
    var link = open(parent.listen(mint, UploadLimits.standard()), events);
    events.next(Event.Have.class);
    try (var sink = TestHost.mine(target, 0)) {
      link.request(attested(0), sink);
      link.close();
      Event first = events.next();
      if (first instanceof Event.Failed) { // else the piece was faster
        assertThat(first).isEqualTo(new Event.Failed(0, ParentLink.Failure.CLOSED));
        sink.restart();
        sink.write(content(0));
        assertThat(sink.verify(attested(0), new PieceSource.Parent("p", "s", "w", "g"))).isPresent();
      }
    }

    assertThat(events.next(Event.Closed.class).failure()).isEqualTo(ParentLink.Failure.CLOSED);
  }

  @Test
  void withdraw_givesTheSinkBackAndTheLinkGoesOn() throws Exception {
    fill();
    var events = new LinkEvents();
    var link = open(parent.listen(mint, UploadLimits.standard()), events);
    events.next(Event.Have.class);
    try (var first = TestHost.mine(target, 0);
        var second = TestHost.mine(target, 1)) {
      link.request(attested(0), first);
      link.withdraw(new PieceNumber(0));
      Event told = events.next();
      if (told instanceof Event.Failed) { // else the piece was faster
        assertThat(told).isEqualTo(new Event.Failed(0, ParentLink.Failure.WITHDRAWN));
        first.restart();
        first.write(content(0));
        assertThat(first.verify(attested(0), new PieceSource.Parent("p", "s", "w", "g"))).isPresent();
      }
      link.withdraw(new PieceNumber(5)); // was not asked for
      link.request(attested(1), second);

      var received = (Event.Received) events.next();
      assertThat(received.piece().record().number()).isEqualTo(new PieceNumber(1));
      assertThat(link.inFlight()).isZero();
    }
  }

  @Test
  void quarantinedPiece_isNotServed() throws Exception {
    fill();
    var events = new LinkEvents();
    var link = open(parent.listen(mint, UploadLimits.standard()), events);
    events.next(Event.Have.class);
    Attestation five = attested(5);
    source.quarantine(List.of(new PieceNumber(5)));

    try (var sink = TestHost.mine(target, 5)) {
      link.request(five, sink);
      assertThat(events.next()).isEqualTo(new Event.Failed(5, ParentLink.Failure.NOT_FOUND));
    }
  }

  @Test
  @Threat("S-VTX-2")
  void parent_withAnotherIdentityIsRefusedBeforeTheGrant() throws Exception {
    var listener = parent.listen(mint, UploadLimits.standard());
    var events = new LinkEvents();
    var other = SpiffeId.parse("spiffe://td.test/damselfly/seed-peer/c1/other");
    var ref = parent.asParent(source, listener.port(), grant());

    child
        .links(TransferLimits.standard())
        .open(new ParentRef(ref.task(), ref.peerId(), other, ref.address(), ref.grant(), ref.reason()), events);

    assertThat(events.next()).isEqualTo(new Event.Closed(ParentLink.Failure.REFUSED));
  }

  @Test
  void nobodyListening_isUnreachable() throws Exception {
    // Bound and never listening: the port stays taken, so nobody else can answer on it.
    try (var taken = new java.net.Socket()) {
      taken.bind(new java.net.InetSocketAddress(java.net.InetAddress.getLoopbackAddress(), 0));
      var events = new LinkEvents();

      child
          .links(TransferLimits.standard())
          .open(parent.asParent(source, taken.getLocalPort(), grant()), events);

      assertThat(events.next()).isEqualTo(new Event.Closed(ParentLink.Failure.UNREACHABLE));
    }
  }
}
