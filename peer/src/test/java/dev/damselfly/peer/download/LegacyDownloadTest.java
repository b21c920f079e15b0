package dev.damselfly.peer.download;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.damselfly.api.assurance.Threat;
import dev.damselfly.api.error.Reason;
import dev.damselfly.api.error.RequestFailure;
import dev.damselfly.api.id.Digest;
import dev.damselfly.api.id.Sha256;
import dev.damselfly.api.wire.common.v2.Download;
import dev.damselfly.api.wire.common.v2.Range;
import dev.damselfly.authz.audit.AuditAction;
import dev.damselfly.authz.audit.AuditEvent;
import dev.damselfly.peer.legacy.LegacyParents;
import dev.damselfly.peer.legacy.ScriptedHolder;
import dev.damselfly.peer.origin.ScriptedOrigin;
import dev.damselfly.peer.testing.RawFrames;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/// Content from hosts without an identity, over real connections: what the digest proves arrives, nothing else does.
@NullMarked
@Timeout(60)
class LegacyDownloadTest {
  private static final int PIECE = 4 << 20;
  private static final byte[] CONTENT = random(1, 2 * PIECE + 4711);
  private static final byte[] OTHER = random(2, 2 * PIECE + 4711);
  private static final ScriptedHolder.Script HONEST = ScriptedHolder.serving(CONTENT, PIECE);
  private static final String FIRST = "127.0.0.1";
  private static final String SECOND = "127.0.0.2";

  @TempDir Path directory;
  private final List<AutoCloseable> open = new java.util.ArrayList<>();

  private static byte[] random(long seed, int length) {
    byte[] bytes = new byte[length];
    new Random(seed).nextBytes(bytes);
    return bytes;
  }

  private static String digest(byte[] content) {
    return Digest.of(Sha256.of(Sha256.newDigest().digest(content))).toString();
  }

  @AfterEach
  void close() throws Exception {
    for (AutoCloseable one : open.reversed()) {
      one.close();
    }
  }

  private <T extends AutoCloseable> T opened(T one) {
    open.add(one);
    return one;
  }

  private ScriptedHolder holder(ScriptedHolder.Script script) {
    return opened(new ScriptedHolder(FIRST, 0, script));
  }

  private LegacyLab lab(int port, String... holders) throws IOException {
    return lab(ScriptedOrigin.start(ScriptedOrigin.serving(CONTENT, "\"v1\"")), port, holders);
  }

  private LegacyLab lab(ScriptedOrigin origin, int port, String... holders) throws IOException {
    return opened(new LegacyLab(directory, origin, port, List.of(holders)));
  }

  private static Download.Builder withDigest(LegacyLab lab) {
    return lab.asked().setDigest(digest(CONTENT));
  }

  private static List<AuditEvent> fetches(LegacyLab lab) {
    return lab.audit.of(AuditAction.LEGACY_FETCH);
  }

  @Test
  @Threat("S-LEG-6")
  void holder_givesWhatTheDigestProves_andTheOriginGivesNone() throws Exception {
    var holder = holder(HONEST);
    var lab = lab(holder.port(), FIRST);

    var heard = lab.get(withDigest(lab));

    assertThat(heard.content()).isEqualTo(CONTENT);
    assertThat(heard.done().sources()).isEqualTo(new Sources(0, 0, 0, CONTENT.length));
    assertThat(heard.done().verifiedAgainst()).first().isEqualTo("whole content: " + digest(CONTENT));
    assertThat(lab.questions).containsExactly(true);
    assertThat(fetches(lab)).singleElement().satisfies(event -> {
      assertThat(event.decision()).isEqualTo(AuditEvent.Decision.DONE);
      assertThat(event.detail()).containsEntry("holder", FIRST);
      assertThat(event.detail().get("warning")).contains("unverified until digest");
    });
  }

  @Test
  @Threat("S-LEG-6")
  void provenContent_isOfTheDigest_notOfTheUrl() throws Exception {
    var holder = holder(ScriptedHolder.serving(OTHER, PIECE)); // with a caller who names the digest of these bytes
    var lab = lab(holder.port(), FIRST);
    assertThat(lab.get(lab.asked().setDigest(digest(OTHER))).content()).isEqualTo(OTHER);

    var heard = lab.get(lab.asked());

    assertThat(heard.content()).isEqualTo(CONTENT);
    assertThat(heard.done().sources().origin()).isEqualTo(CONTENT.length);
  }

  @Test
  void provenContent_isOfNoSwarm_andComesFromTheCacheNextTime() throws Exception {
    var holder = holder(HONEST);
    var lab = lab(holder.port(), FIRST);
    var first = lab.get(withDigest(lab));
    first.done();
    holder.close();

    var again = lab.get(withDigest(lab));

    assertThat(again.content()).isEqualTo(CONTENT);
    assertThat(again.done().sources()).isEqualTo(new Sources(0, 0, CONTENT.length, 0));
    assertThat(LegacyParents.isProvenOnly(again.task())).isTrue();
    assertThat(lab.heldByUrl()).isZero();
    assertThat(lab.downloads.active()).isZero();
    assertThat(new Explain(lab.store).of(again.task().id().value()).getRows(0).getSource()).isEqualTo("legacy " + FIRST);
  }

  @Test
  void originThatDoesNotAnswer_isNotNeeded() throws Exception {
    var holder = holder(HONEST);
    var lab = lab(holder.port(), FIRST);
    lab.origin.close();

    assertThat(lab.get(withDigest(lab)).content()).isEqualTo(CONTENT);
    assertThat(lab.questions).containsExactly(false);
  }

  @Test
  void originThatDoesNotAnswer_andNoHolder_isItsFailure() throws Exception {
    var lab = lab(1024);
    lab.origin.close();

    assertThat(lab.get(withDigest(lab)).refused()).isEqualTo(Reason.ORIGIN_FAILED);
  }

  @ParameterizedTest
  @Threat("S-LEG-6")
  @ValueSource(ints = {401, 403, 404})
  void originThatSaysNo_isObeyed(int status) throws Exception {
    var holder = holder(HONEST);
    var lab = lab(ScriptedOrigin.start(exchange -> exchange.head(status, "Content-Length: 0")), holder.port(), FIRST);

    assertThat(catchThrowableOfType(RequestFailure.class, () -> lab.get(withDigest(lab)))).isNotNull();

    assertThat(lab.questions).isEmpty();
    assertThat(holder.asked).isEmpty();
  }

  static Stream<Arguments> strangers() {
    byte[] wrong = CONTENT.clone();
    wrong[PIECE + 5] ^= 1;
    return Stream.of(
        Arguments.of("wrong byte", "DIGEST_MISMATCH", ScriptedHolder.serving(wrong, PIECE)),
        Arguments.of("shorter", "DIGEST_MISMATCH", ScriptedHolder.serving(Arrays.copyOf(CONTENT, PIECE), PIECE)),
        Arguments.of("longer", "PROTOCOL_BROKEN", ScriptedHolder.serving(random(3, 3 * PIECE), PIECE)),
        Arguments.of("another number", "PROTOCOL_BROKEN", saying((n, out) -> RawFrames.contentHead(n + 1, 0, 9, ""))),
        Arguments.of("another offset", "PROTOCOL_BROKEN", saying((n, out) -> RawFrames.contentHead(n, 7, 9, ""))),
        Arguments.of("empty piece", "PROTOCOL_BROKEN", saying((n, out) -> RawFrames.contentHead(n, 0, 0, ""))),
        Arguments.of("huge piece", "PROTOCOL_BROKEN", saying((n, out) -> RawFrames.contentHead(n, 0, 1L << 40, ""))),
        Arguments.of("longer second", "PROTOCOL_BROKEN", secondPiece(PIECE + 1)),
        Arguments.of("long frame", "PROTOCOL_BROKEN", saying((n, out) -> RawFrames.frame(1, Integer.MAX_VALUE, new byte[0]))),
        Arguments.of("unknown tag", "PROTOCOL_BROKEN", saying((n, out) -> RawFrames.frame(0xd2, new byte[4]))),
        Arguments.of("refusal", "PROTOCOL_BROKEN", saying((n, out) -> RawFrames.error(3, "no"))),
        Arguments.of("nothing there", "PROTOCOL_BROKEN", saying((n, out) -> RawFrames.error(2, "not found"))),
        Arguments.of("half a frame", "UNREACHABLE", saying((n, out) -> new byte[] {0, 1, 0})),
        Arguments.of("half a piece", "UNREACHABLE", saying((n, out) -> RawFrames.contentHead(n, 0, PIECE, ""))));
  }

  private interface Saying {
    byte[] bytes(int number, java.io.OutputStream out);
  }

  private static ScriptedHolder.Script saying(Saying what) {
    return (number, _, out) -> out.write(what.bytes(number, out));
  }

  private static ScriptedHolder.Script secondPiece(long length) {
    return (number, connection, out) -> {
      if (number == 0) {
        HONEST.answer(number, connection, out);
      } else {
        out.write(RawFrames.contentHead(number, PIECE, length, ""));
      }
    };
  }

  @ParameterizedTest(name = "{0}")
  @Threat("S-LEG-6")
  @MethodSource("strangers")
  void strangersBytes_areDropped_andTheOriginServes(String what, String reason, ScriptedHolder.Script script)
      throws Exception {
    var holder = holder(script);
    var lab = lab(holder.port(), FIRST);

    var heard = lab.get(withDigest(lab));

    assertThat(heard.content()).isEqualTo(CONTENT);
    assertThat(heard.done().sources().origin()).isEqualTo(CONTENT.length);
    assertThat(lab.held()).isEqualTo(CONTENT.length); // of the origin only
    assertThat(lab.audit.events())
        .filteredOn(event -> FIRST.equals(event.detail().get("holder")))
        .singleElement()
        .satisfies(event -> assertThat(event.reason()).isEqualTo(reason));
  }

  @Test
  @Threat("S-LEG-6")
  void nothingIsVisible_beforeTheDigestWasCompared() throws Exception {
    var asked = new SynchronousQueue<Integer>();
    var goOn = new SynchronousQueue<Integer>();
    var holder =
        holder(
            (number, connection, out) -> {
              if (number == 2) {
                hand(asked, 2);
                take(goOn);
              }
              HONEST.answer(number, connection, out);
            });
    var lab = lab(holder.port(), FIRST);
    var heard = lab.get(withDigest(lab));
    take(asked);

    assertThat(lab.held()).isZero();
    assertThat(heard.isOver()).isFalse();

    hand(goOn, 1);
    assertThat(heard.content()).isEqualTo(CONTENT);
  }

  private static void hand(SynchronousQueue<Integer> to, int value) throws IOException {
    try {
      if (!to.offer(value, 30, TimeUnit.SECONDS)) {
        throw new IOException("nobody waits");
      }
    } catch (InterruptedException e) {
      throw new IOException(e);
    }
  }

  private static void take(SynchronousQueue<Integer> from) throws IOException {
    try {
      if (from.poll(30, TimeUnit.SECONDS) == null) {
        throw new IOException("nothing comes");
      }
    } catch (InterruptedException e) {
      throw new IOException(e);
    }
  }

  /// A holder that tells when it was asked, and says nothing until the other side hangs up.
  private ScriptedHolder silent(SynchronousQueue<Integer> asked) {
    return holder(
        (number, connection, _) -> {
          hand(asked, number);
          ScriptedHolder.awaitEnd(connection);
        });
  }

  @Test
  @Threat("S-LEG-6")
  void silentHolder_isLeftAfterItsTime() throws Exception {
    var asked = new SynchronousQueue<Integer>();
    var lab = lab(silent(asked).port(), FIRST);
    var heard = lab.get(withDigest(lab));
    take(asked);

    lab.hand.advance(Duration.ofSeconds(9));
    assertThat(heard.isOver()).isFalse();
    lab.hand.advance(Duration.ofSeconds(1));

    assertThat(heard.content()).isEqualTo(CONTENT);
    assertThat(fetches(lab)).singleElement().satisfies(event -> assertThat(event.reason()).isEqualTo("UNREACHABLE"));
  }

  @Test
  @Threat("S-LEG-6")
  void slowPiece_isLeftAfterItsTime() throws Exception {
    var holder =
        holder(
            (number, connection, out) -> {
              out.write(RawFrames.contentHead(number, 0, PIECE, ""));
              out.write(CONTENT, 0, PIECE / 2);
              ScriptedHolder.awaitEnd(connection);
            });
    var lab = lab(holder.port(), FIRST);
    var heard = lab.get(withDigest(lab));
    lab.hand.awaitAlarm(Duration.ofSeconds(60));

    lab.hand.advance(Duration.ofSeconds(59));
    assertThat(heard.isOver()).isFalse();
    lab.hand.advance(Duration.ofSeconds(1));

    assertThat(heard.content()).isEqualTo(CONTENT);
    assertThat(lab.held()).isEqualTo(CONTENT.length);
  }

  @Test
  void callerWhoLeaves_hearsNothing_andTheConnectionIsClosed() throws Exception {
    var asked = new SynchronousQueue<Integer>();
    var ended = new SynchronousQueue<Integer>();
    var holder =
        holder(
            (number, connection, out) -> {
              hand(asked, number);
              ScriptedHolder.awaitEnd(connection);
              hand(ended, number);
            });
    var lab = lab(holder.port(), FIRST);
    var heard = lab.get(withDigest(lab));
    take(asked);

    heard.handle.orElseThrow().close();

    take(ended);
    lab.audit.await(event -> event.reason().equals("CANCELLED"));
    assertThat(heard.isOver()).isFalse();
    assertThat(lab.held()).isZero();
  }

  @Test
  void secondHolder_takesOver() throws Exception {
    var bad = holder(saying((n, out) -> RawFrames.error(3, "no")));
    var good = opened(new ScriptedHolder(SECOND, bad.port(), HONEST));
    var lab = lab(bad.port(), FIRST, SECOND);

    var heard = lab.get(withDigest(lab));

    assertThat(heard.content()).isEqualTo(CONTENT);
    assertThat(heard.done().sources().legacy()).isEqualTo(CONTENT.length);
    assertThat(good.asked).containsExactly(0, 1, 2);
  }

  @Test
  void wholePiecesAndOldPieceLengths_endWhereTheHostHasNoMore() throws Exception {
    byte[] content = random(4, 3 * PIECE);
    var holder = holder(ScriptedHolder.serving(content, 3 * PIECE / 2));
    var lab = lab(holder.port(), FIRST);
    lab.origin.close();

    assertThat(lab.get(lab.asked().setDigest(digest(content))).content()).isEqualTo(content);
    assertThat(holder.asked).containsExactly(0, 1, 2);
  }

  @Test
  @Threat("S-LEG-6")
  void endlessContent_endsAtTheLimit() throws Exception {
    var holder =
        holder(
            (number, _, out) -> {
              out.write(RawFrames.contentHead(number, (long) number * PIECE, PIECE, ""));
              out.write(CONTENT, 0, PIECE);
            });
    var lab = lab(holder.port(), FIRST);
    lab.origin.close();

    assertThat(lab.get(withDigest(lab)).refused()).isEqualTo(Reason.ORIGIN_FAILED);

    assertThat(holder.asked).hasSize((int) (LegacyLab.MOST / PIECE) + 1);
    assertThat(lab.held()).isZero();
  }

  @Test
  @Threat("S-LEG-6")
  void addressOutsideTheBlocks_isNotDialled() throws Exception {
    var holder = opened(new ScriptedHolder("127.0.0.9", 0, HONEST));
    var lab = lab(holder.port(), "127.0.0.9");

    assertThat(lab.get(withDigest(lab)).done().sources().origin()).isEqualTo(CONTENT.length);

    assertThat(holder.asked).isEmpty();
    assertThat(lab.audit.of(AuditAction.EGRESS_DENY)).hasSize(1);
  }

  @Test
  @Threat("S-LEG-6")
  void withoutDigestWithCredentialsForAPartOrForTheSwarm_nobodyIsAsked() throws Exception {
    var holder = holder(HONEST);
    var lab = lab(holder.port(), FIRST);

    lab.get(withDigest(lab).putRequestHeader("Authorization", "Bearer t")).done();
    lab.get(lab.asked().setRange(Range.newBuilder().setStart(0).setLength(9))).done();
    lab.get(lab.asked()).done();
    var seed = new LegacyLab.Heard();
    var spec = new GetSpec(withDigest(lab).setTag("seed").build(), Duration.ZERO, "");
    lab.downloads.getForSwarm(spec, LocalCaller.ofUser("s"), seed);
    seed.done();

    assertThat(lab.questions).isEmpty();
    assertThat(holder.asked).isEmpty();
    assertThat(ByteBuffer.wrap(CONTENT)).isEqualTo(ByteBuffer.wrap(seed.content()));
  }

  @Test
  void contentThatIsHere_needsNobody() throws Exception {
    var holder = holder(HONEST);
    var lab = lab(holder.port(), FIRST);
    lab.get(lab.asked()).done();

    assertThat(lab.get(withDigest(lab)).done().sources().cache()).isEqualTo(CONTENT.length);

    assertThat(lab.questions).isEmpty();
  }
}
