package dev.damselfly.peer.transfer;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import dev.damselfly.api.assurance.Threat;
import dev.damselfly.api.id.PieceNumber;
import dev.damselfly.api.id.Sha256;
import dev.damselfly.authz.audit.AuditAction;
import dev.damselfly.authz.testing.ManualClock;
import dev.damselfly.authz.testing.TestCa;
import dev.damselfly.peer.content.Attestation;
import dev.damselfly.peer.content.PieceSource;
import dev.damselfly.peer.store.IncomingPiece;
import dev.damselfly.peer.store.StoredTask;
import dev.damselfly.peer.testing.LinkEvents;
import dev.damselfly.peer.testing.LinkEvents.Event;
import dev.damselfly.peer.testing.RawFrames;
import dev.damselfly.peer.testing.RawWire;
import dev.damselfly.peer.testing.ScriptedParent;
import dev.damselfly.peer.testing.TestHost;
import dev.damselfly.peer.transfer.ParentLink.Failure;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import java.util.zip.CRC32;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// A parent with a valid identity that lies. Each time: the right failure, nothing visible, the sink usable again.
@Threat({"S-VTX-3", "S-VTX-4", "S-VTX-5", "S-VTX-7", "B-04", "B-08"})
class MaliciousParentTest {
  private static final int NUMBER = 1;
  private static final long OFFSET = TestHost.PIECE;
  private static final int SIZE = 100_000;
  private static final TransferLimits LIMITS =
      new TransferLimits(
          Duration.ofSeconds(2),
          Duration.ofSeconds(5),
          Duration.ofSeconds(1),
          Duration.ofMillis(400),
          Duration.ofMillis(800),
          64 << 10,
          16,
          4 << 20);

  private final byte[] content = new byte[SIZE];
  private TestHost parent;
  private TestHost child;
  private ScriptedParent scripted;
  private StoredTask task;
  private ParentLinks links;
  private @Nullable ParentLink link;
  private final LinkEvents events = new LinkEvents();
  private IncomingPiece sink;

  @BeforeEach
  void hosts(@TempDir Path directory) throws Exception {
    new Random(1).nextBytes(content);
    var ca = TestCa.root("td.test");
    parent = new TestHost(ca, "/damselfly/peer/c1/parent", directory.resolve("parent"), ManualClock.now());
    child = new TestHost(ca, "/damselfly/peer/c1/child", directory.resolve("child"), ManualClock.now());
    scripted = new ScriptedParent(parent);
    task = child.task("file", OFFSET + SIZE, false);
    links = child.links(LIMITS);
    sink = TestHost.mine(task, NUMBER);
  }

  @AfterEach
  void close() throws Exception {
    assertNothingVisibleAndSinkUsable();
    sink.close();
    scripted.close();
    child.close();
    parent.close();
    assertThat(links.size()).isZero();
  }

  private void assertNothingVisibleAndSinkUsable() {
    assertThat(task.records()).isEmpty();
    sink.restart();
    sink.write(ByteBuffer.wrap(content));
    assertThat(sink.verify(attested(), new PieceSource.Parent("p", "s", "w", "g"))).isPresent();
  }

  private Attestation attested() {
    return new Attestation(new PieceNumber(NUMBER), SIZE, Sha256.of(Sha256.newDigest().digest(content)), "spiffe://td.test/x", 1);
  }

  private void open() {
    var grant = ByteString.copyFromUtf8("a grant that this parent does not look at");
    link = links.open(parent.asParent(task, scripted.port(), grant), events);
  }

  /// Connected, grant accepted, one piece asked for and the request read.
  private RawWire asked() throws InterruptedException {
    open();
    RawWire wire = scripted.acceptGrant();
    events.next(Event.Ready.class);
    Objects.requireNonNull(link).request(attested(), sink);
    assertThat(wire.readFrame()).endsWith(0, 0, 0, NUMBER);
    return wire;
  }

  private static String crc(byte[] bytes) {
    var crc = new CRC32();
    crc.update(bytes);
    return "crc32:" + crc.getValue();
  }

  private byte[] goodHead() {
    return RawFrames.contentHead(NUMBER, OFFSET, SIZE, crc(content));
  }

  private void assertEnds(Failure ofPiece, Failure ofLink) throws InterruptedException {
    assertThat(events.next()).isEqualTo(new Event.Failed(NUMBER, ofPiece));
    assertThat(events.next()).isEqualTo(new Event.Closed(ofLink));
  }

  private void assertBroken(byte[] answer) throws InterruptedException {
    RawWire wire = asked();
    wire.write(answer);

    assertEnds(Failure.PROTOCOL_BROKEN, Failure.PROTOCOL_BROKEN);
    wire.awaitGone();
  }

  @Test
  void flippedBit_isWrongBytesAndOnRecord() throws Exception {
    RawWire wire = asked();
    byte[] wrong = content.clone();
    wrong[SIZE / 2] ^= 1;

    wire.write(RawFrames.concat(RawFrames.contentHead(NUMBER, OFFSET, SIZE, crc(wrong)), wrong));

    assertEnds(Failure.WRONG_BYTES, Failure.WRONG_BYTES);
    wire.awaitGone();
    assertThat(child.audit.of(AuditAction.DIGEST_MISMATCH))
        .singleElement()
        .satisfies(event -> assertThat(event.actor()).isEqualTo(parent.id().toString()));
  }

  @Test
  void checksumOfOtherBytes_isWrongBytes() throws Exception {
    RawWire wire = asked();

    wire.write(RawFrames.concat(RawFrames.contentHead(NUMBER, OFFSET, SIZE, "crc32:1"), content));

    assertEnds(Failure.WRONG_BYTES, Failure.WRONG_BYTES);
  }

  @Test
  void wrongBytes_doNotBlameForTheOtherRequests() throws Exception {
    RawWire wire = asked();
    try (var other = TestHost.mine(task, 0)) {
      Objects.requireNonNull(link).request(new Attestation(new PieceNumber(0), OFFSET, attested().sha256(), "spiffe://td.test/x", 1), other);
      wire.readFrame();

      wire.write(RawFrames.concat(goodHead(), new byte[SIZE]));

      assertThat(List.of(events.next(), events.next()))
          .containsExactlyInAnyOrder(new Event.Failed(NUMBER, Failure.WRONG_BYTES), new Event.Failed(0, Failure.CLOSED));
      assertThat(events.next()).isEqualTo(new Event.Closed(Failure.WRONG_BYTES));
    }
  }

  @Test
  void otherNumber_isRefused() throws Exception {
    assertBroken(RawFrames.contentHead(0, OFFSET, SIZE, crc(content)));
  }

  @Test
  void otherOffset_isRefused() throws Exception {
    assertBroken(RawFrames.contentHead(NUMBER, 0, SIZE, crc(content)));
  }

  @Test
  void shorterLength_isRefused() throws Exception {
    assertBroken(RawFrames.contentHead(NUMBER, OFFSET, SIZE - 1, crc(content)));
  }

  @Test
  void longerLength_isRefused() throws Exception {
    assertBroken(RawFrames.contentHead(NUMBER, OFFSET, SIZE + 1, crc(content)));
  }

  @Test
  void hugeLength_isRefused() throws Exception {
    assertBroken(RawFrames.contentHead(NUMBER, OFFSET, Long.MAX_VALUE, crc(content)));
  }

  @Test
  void absentChecksum_isRefused() throws Exception {
    assertBroken(RawFrames.contentHead(NUMBER, OFFSET, SIZE, ""));
  }

  @Test
  @Threat("B-02")
  void oversizeMetadata_isRefusedByItsHeader() throws Exception {
    assertBroken(RawFrames.frame(1, 4 + 4097, new byte[0]));
  }

  @Test
  void frameOfFourGiB_isRefusedByItsHeader() throws Exception {
    assertBroken(RawFrames.frame(0xff, -1, new byte[0]));
  }

  @Test
  void unknownTag_isRefused() throws Exception {
    assertBroken(RawFrames.frame(9, new byte[0]));
  }

  @Test
  void requestTag_fromAParentIsRefused() throws Exception {
    assertBroken(RawFrames.request(task.id().value(), 0));
  }

  @Test
  void secondAcceptance_isRefused() throws Exception {
    assertBroken(RawFrames.frame(0xd1, new byte[0]));
  }

  @Test
  void pieceAnnouncedTwice_isRefused() throws Exception {
    RawWire wire = asked();
    wire.write(RawFrames.have(3));
    wire.write(RawFrames.have(2, 3));

    assertThat(events.next()).isInstanceOf(Event.Have.class);
    assertEnds(Failure.PROTOCOL_BROKEN, Failure.PROTOCOL_BROKEN);
  }

  @Test
  void announcementInDisorder_isRefused() throws Exception {
    assertBroken(RawFrames.have(3, 2));
  }

  @Test
  void announcementBeforeAcceptance_isRefused() throws Exception {
    open();
    RawWire wire = scripted.accept();
    wire.readFrame();
    wire.write(RawFrames.have(1));

    assertThat(events.next()).isEqualTo(new Event.Closed(Failure.PROTOCOL_BROKEN));
  }

  @Test
  void contentThatNobodyAskedFor_isRefused() throws Exception {
    open();
    RawWire wire = scripted.acceptGrant();
    events.next(Event.Ready.class);
    wire.write(RawFrames.concat(goodHead(), content));

    assertThat(events.next()).isEqualTo(new Event.Closed(Failure.PROTOCOL_BROKEN));
  }

  @Test
  void sameAnswerTwice_isRefusedTheSecondTime() throws Exception {
    RawWire wire = asked();
    byte[] answer = RawFrames.concat(goodHead(), content);
    wire.write(answer);
    wire.write(answer);

    assertThat(events.next()).isInstanceOf(Event.Received.class); // verified, and never committed here
    assertThat(events.next()).isEqualTo(new Event.Closed(Failure.PROTOCOL_BROKEN));
  }

  @Test
  void truncatedContent_isUnreachable() throws Exception {
    RawWire wire = asked();
    wire.write(RawFrames.concat(goodHead(), new byte[SIZE / 2]));
    wire.close();

    assertEnds(Failure.UNREACHABLE, Failure.UNREACHABLE);
  }

  @Test
  void silence_isAStall() throws Exception {
    asked();

    assertEnds(Failure.STALLED, Failure.STALLED);
  }

  @Test
  void silenceInsideContent_isAStall() throws Exception {
    RawWire wire = asked();
    wire.write(RawFrames.concat(goodHead(), new byte[SIZE / 2]));

    assertEnds(Failure.STALLED, Failure.STALLED);
  }

  @Test
  @Threat("F-13")
  void endlessAnnouncements_doNotHideSilence() throws Exception {
    RawWire wire = asked();
    var sender =
        Thread.ofVirtual()
            .start(
                () -> {
                  try {
                    for (int number = 10; number < 1_000_000 && !Thread.currentThread().isInterrupted(); number++) {
                      wire.write(RawFrames.have(number));
                    }
                  } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                  }
                });

    assertThat(events.next(Event.Failed.class).failure()).isEqualTo(Failure.STALLED);
    assertThat(events.next(Event.Closed.class).failure()).isEqualTo(Failure.STALLED);
    sender.interrupt();
    sender.join();
  }

  @Test
  void drip_isAStallByItsRate() throws Exception {
    RawWire wire = asked();
    wire.write(goodHead());
    wire.drip(new byte[1], Duration.ofMillis(50));

    assertEnds(Failure.STALLED, Failure.STALLED);
  }

  @Test
  void grantWithoutAnswer_isAStall() throws Exception {
    open();
    scripted.accept().readFrame();

    assertThat(events.next()).isEqualTo(new Event.Closed(Failure.STALLED));
  }

  @Test
  void refusedGrant_isRefused() throws Exception {
    open();
    RawWire wire = scripted.accept();
    wire.readFrame();
    wire.write(RawFrames.error(1, "no"));

    assertThat(events.next()).isEqualTo(new Event.Closed(Failure.REFUSED));
  }

  @Test
  void errorOfOurKind_refusesEverythingAsked() throws Exception {
    RawWire wire = asked();
    wire.write(RawFrames.error(1, "grant expired"));

    assertEnds(Failure.REFUSED, Failure.REFUSED);
  }

  @Test
  void parentWithoutTheProtocol_isRefused() throws Exception {
    try (var other = new ScriptedParent(parent, "h2")) {
      links.open(parent.asParent(task, other.port(), ByteString.copyFromUtf8("grant")), events);

      assertThat(events.next()).isEqualTo(new Event.Closed(Failure.REFUSED));
    }
  }

  @Test
  void moreContentThanAsked_isNotTakenForTheNextPiece() throws Exception {
    RawWire wire = asked();
    wire.write(RawFrames.concat(RawFrames.concat(goodHead(), content), new byte[] {7, 7, 7, 7, 7, 7, 7}));

    assertThat(events.next()).isInstanceOf(Event.Received.class);
    assertThat(events.next()).isEqualTo(new Event.Closed(Failure.PROTOCOL_BROKEN));
  }
}
