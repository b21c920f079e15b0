package dev.damselfly.dist.real;

import static org.assertj.core.api.Assertions.assertThat;

import dev.damselfly.api.assurance.Threat;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInfo;
import org.junit.jupiter.api.Timeout;

/// Origins that break off, change, never end or point elsewhere. Each time: exit code and message, nothing at the final
/// name, the daemon holds no more than before, and a repeat does what it should.
@NullMarked
@Tag("real")
@Timeout(180)
class HostileOriginsTest {
  private static final String ADDRESS = "127.0.0.2";
  private static final String EGRESS = "egress: {rules: [{name: test, schemes: [http], networks: [\"" + ADDRESS + "/32\"]}]}, ";
  private static final int SIZE = 3 * GoodContent.PIECE + 4711;
  private static final int SPARE_THREADS = 8;

  private static Path home = Path.of("/nowhere");
  private static ScriptedOrigin origin;
  private static ScriptedOrigin inside;
  private static Cluster cluster;
  private static Footprint before;

  private String path = "/";
  private Path output = Path.of("/nowhere");

  @BeforeAll
  static void start() throws Exception {
    home = Files.createTempDirectory("df");
    origin = ScriptedOrigin.start(ADDRESS);
    inside = ScriptedOrigin.start("127.0.0.1");
    String wide = EGRESS + "download: {serve-for: 0s}";
    String narrow = EGRESS + "download: {serve-for: 0s, origin-fetches: 1, lease-pieces: 1}, store: {directory: \"%s\", quota: 64MiB}";
    var settings = Map.of("p1", wide, "p2", narrow.formatted(home.resolve("p2-store")));
    cluster = Cluster.start(home, Cluster.Plan.of(List.of("p1", "p2")).withSettings(settings));
    origin.on("/warm", GoodContent.of(SIZE, 99));
    assertThat(Command.await(cluster.get("p1", origin.url("/warm"), output("warm"))).code()).isZero();
    assertThat(Command.await(cluster.get("p1", origin.url("/cold"), output("cold"))).code()).isEqualTo(5);
    Footprint.virtualThreads(cluster.process("p1"), home); // the first question opens a socket for good
    before = Footprint.of(cluster.process("p1"));
  }

  @BeforeEach
  void place(TestInfo test) throws IOException {
    path = "/" + test.getTestMethod().orElseThrow().getName();
    output = output("out");
  }

  @AfterEach
  void holdsNoMoreThanBefore() throws Exception {
    Process daemon = cluster.process("p1");
    before.awaitAgain(daemon, SPARE_THREADS);
    assertThat(origin.connections()).isZero();
    assertThat(Footprint.virtualThreads(daemon, home)).noneMatch(thread -> thread.contains("\"origin-") || thread.contains("\"download-"));
  }

  @AfterAll
  static void stop() throws IOException {
    cluster.close();
    origin.close();
    inside.close();
    Homes.delete(home);
  }

  private static Path output(String name) throws IOException {
    return Files.createTempDirectory(home, "o").resolve(name);
  }

  /// At a peer that reads several pieces at once.
  private Command.Result get(String... flags) throws IOException, InterruptedException {
    return Command.await(cluster.get("p1", origin.url(path), output, flags));
  }

  /// At a peer that reads one piece after the other, and has a small store.
  private Command.Result getInTurn() throws IOException, InterruptedException {
    return Command.await(cluster.get("p2", origin.url(path), output));
  }

  private void assertFailed(Command.Result result, int code, String reason, String... words) throws IOException {
    assertThat(result.code()).as(result.all()).isEqualTo(code);
    assertThat(result.out()).contains("\"event\":\"failed\",\"reason\":\"" + reason + "\"").contains(words);
    assertNothingThere();
  }

  private void assertNothingThere() throws IOException {
    try (var left = Files.list(output.getParent())) {
      assertThat(left).isEmpty();
    }
  }

  private void assertCame(Command.Result result, GoodContent content) throws IOException {
    assertThat(result.code()).as(result.all()).isZero();
    assertThat(Arrays.equals(Files.readAllBytes(output), content.bytes())).isTrue();
  }

  /// What was fetched before is used: only the rest comes from the origin.
  private void assertResumes(String peer, GoodContent content) throws Exception {
    long sent = content.sent();

    Command.Result repeat = Command.await(cluster.get(peer, origin.url(path), output));

    assertCame(repeat, content);
    long kept = SwarmProcessesTest.number(repeat.out(), "from_cache");
    assertThat(kept).as(repeat.all()).isPositive();
    assertThat(kept + SwarmProcessesTest.number(repeat.out(), "from_origin")).isEqualTo(SIZE);
    assertThat(content.sent() - sent).isEqualTo(SIZE - kept);
  }

  /// Sends so much of what was announced, then breaks the connection.
  private static void breakOff(GoodContent content, ScriptedOrigin.Request request, OutputStream out, int after) throws IOException {
    int from = (int) request.range().orElseThrow()[0];
    int to = (int) request.range().orElseThrow()[1] + 1;
    content.head(request.range(), from, to, out);
    out.write(content.bytes(), from, Math.min(to - from, after));
  }

  @Test
  @Threat("S-DLG-3")
  void bodyWithoutEnd_stopsAtTheQuota() throws Exception {
    origin.on(
        path,
        (request, out) -> {
          ScriptedOrigin.head(out, "200 OK", "content-type: application/octet-stream");
          byte[] block = new byte[1 << 20];
          while (request.wantsContent()) {
            out.write(block);
          }
        });

    assertFailed(getInTurn(), 3, "NO_SPACE", "quota");
  }

  @Test
  void bodyThatEndsEarly_failsInTheEnd_andARepeatResumes() throws Exception {
    var content = GoodContent.of(SIZE, 2);
    var mended = new AtomicBoolean();
    var reads = new AtomicInteger();
    origin.on(
        path,
        (request, out) -> {
          if (mended.get() || !request.wantsContent() || reads.getAndIncrement() == 0) {
            content.answer(request, out);
          } else {
            breakOff(content, request, out, 1 << 20);
          }
        });

    assertFailed(getInTurn(), 5, "ORIGIN_FAILED", "\"hop\":\"origin\"", "the origin");
    mended.set(true);

    assertResumes("p2", content);
  }

  @Test
  void connectionThatBreaksOnce_isOnlyATrouble() throws Exception {
    var content = GoodContent.of(SIZE, 3);
    var broken = new AtomicInteger();
    origin.on(
        path,
        (request, out) -> {
          if (request.wantsContent() && broken.getAndIncrement() == 0) {
            breakOff(content, request, out, 1 << 20);
          } else {
            content.answer(request, out);
          }
        });

    assertCame(get(), content);
  }

  @Test
  void otherLengthThanBefore_isChangedContent() throws Exception {
    var content = GoodContent.of(SIZE, 4);
    var longer = GoodContent.of(SIZE + 1, 4);
    origin.on(path, (request, out) -> (request.wantsContent() ? longer : content).answer(request, out));

    assertFailed(get(), 5, "ORIGIN_CHANGED", "changed while it was downloaded", "repeat");
  }

  @Test
  void moreBytesThanAnnounced_areNotTaken() throws Exception {
    var content = GoodContent.of(SIZE, 5);
    origin.on(
        path,
        (request, out) -> {
          content.answer(request, out);
          out.write(new byte[1 << 20]);
        });

    assertCame(get(), content);
  }

  @Test
  void longerBodyThanAskedFor_isChangedContent() throws Exception {
    var content = GoodContent.of(SIZE, 6);
    origin.on(
        path,
        (request, out) -> {
          if (!request.wantsContent()) {
            content.answer(request, out);
            return;
          }
          long from = request.range().orElseThrow()[0];
          long last = request.range().orElseThrow()[1];
          ScriptedOrigin.head(
              out, "206 Partial Content", "etag: " + content.etag(), "content-length: " + (last + 2 - from),
              "content-range: bytes " + from + "-" + last + "/" + SIZE);
          out.write(content.bytes(), 0, 1024);
        });

    assertFailed(get(), 5, "ORIGIN_CHANGED", "repeat");
  }

  @Test
  void contentThatChangesUnderWay_isNoticed_andARepeatBringsTheNewOne() throws Exception {
    var old = GoodContent.of(SIZE, 7);
    var fresh = old.changed(true);
    var changed = new AtomicBoolean();
    origin.on(
        path,
        (request, out) -> {
          (changed.get() ? fresh : old).answer(request, out);
          changed.compareAndSet(false, request.wantsContent());
        });

    assertFailed(getInTurn(), 5, "ORIGIN_CHANGED", "nothing was kept", "repeat");

    assertCame(getInTurn(), fresh);
  }

  @Test
  @Threat("S-DLG-5")
  void contentThatChangesWithoutAWord_isCaughtByItsDigest() throws Exception {
    var content = GoodContent.of(SIZE, 8);
    var other = content.changed(false);
    var mended = new AtomicBoolean();
    origin.on(path, (request, out) -> (mended.get() ? content : other).answer(request, out));
    String digest = "sha256:" + HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(content.bytes()));

    assertFailed(get("--digest", digest), 4, "DIGEST_MISMATCH", "digest");
    mended.set(true);

    assertCame(get("--digest", digest), content);
  }

  @Test
  void rateLimitWithAShortWait_isWaitedFor() throws Exception {
    var content = GoodContent.of(SIZE, 9);
    var limited = new AtomicInteger();
    origin.on(
        path,
        (request, out) -> {
          if (limited.getAndIncrement() == 0) {
            ScriptedOrigin.head(out, "429 Too Many Requests", "retry-after: 1", "content-length: 0");
          } else {
            content.answer(request, out);
          }
        });

    assertCame(get(), content);
  }

  @Test
  void rateLimitWithALongWait_endsAtOnce() throws Exception {
    origin.on(path, (_, out) -> ScriptedOrigin.head(out, "429 Too Many Requests", "retry-after: 3600", "content-length: 0"));

    assertFailed(get(), 5, "ORIGIN_FAILED", "\"origin_status\":429", "try again later");

    assertThat(origin.requests(path)).hasSize(1);
  }

  @Test
  void rangeThatTheOriginDoesNotHave_isItsNo() throws Exception {
    origin.on(path, (_, out) -> ScriptedOrigin.head(out, "416 Range Not Satisfiable", "content-length: 0"));

    assertFailed(get(), 5, "ORIGIN_FAILED", "\"origin_status\":416", "\"hop\":\"origin\"");
  }

  @Test
  void serverError_inTheMiddle_keepsWhatIsThere() throws Exception {
    var content = GoodContent.of(SIZE, 10);
    var mended = new AtomicBoolean();
    var reads = new AtomicInteger();
    origin.on(
        path,
        (request, out) -> {
          if (mended.get() || !request.wantsContent() || reads.getAndIncrement() == 0) {
            content.answer(request, out);
          } else {
            ScriptedOrigin.head(out, "500 Internal Server Error", "content-length: 0");
          }
        });

    assertFailed(getInTurn(), 5, "ORIGIN_FAILED", "\"origin_status\":500", "try again later");
    mended.set(true);

    assertResumes("p2", content);
  }

  @Test
  @Threat({"TOB-2", "S-ORG-1"})
  void redirectToLoopback_isRefused_andNobodyConnectsThere() throws Exception {
    origin.on(path, (_, out) -> ScriptedOrigin.head(out, "302 Found", "location: " + inside.url(path), "content-length: 0"));

    assertFailed(get(), 3, "EGRESS_DENIED", "\"hop\":\"daemon\"");

    assertThat(inside.requests(path)).isEmpty();
  }

  @Test
  @Threat({"TOB-2", "S-ORG-1"})
  void redirectToLoopback_inTheMiddle_isRefused() throws Exception {
    var content = GoodContent.of(SIZE, 11);
    origin.on(
        path,
        (request, out) -> {
          if (request.wantsContent()) {
            ScriptedOrigin.head(out, "307 Temporary Redirect", "location: " + inside.url(path), "content-length: 0");
          } else {
            content.answer(request, out);
          }
        });

    assertFailed(get(), 3, "EGRESS_DENIED", "\"hop\":\"daemon\"");

    assertThat(inside.requests(path)).isEmpty();
  }

  @Test
  void silenceInTheMiddle_endsWithTheTimeOfTheCaller_andARepeatResumes() throws Exception {
    var content = GoodContent.of(SIZE, 12);
    origin.on(path, content);
    content.shutAfter(2);

    assertFailed(get("--timeout", "6s"), 6, "TIMED_OUT", "within its time");
    content.open();
    awaitNoConnections();

    assertResumes("p1", content);
  }

  private void awaitNoConnections() throws InterruptedException {
    long deadline = System.nanoTime() + 60_000_000_000L;
    while (origin.connections() > 0) {
      assertThat(cluster.process("p1").waitFor(20, TimeUnit.MILLISECONDS)).isFalse();
      assertThat(System.nanoTime()).as("connections to the origin stay open").isLessThan(deadline);
    }
  }

  @Test
  void fileThatWasThereBefore_staysAsItWas() throws Exception {
    Files.writeString(output, "what was there before");
    origin.on(path, (_, out) -> ScriptedOrigin.head(out, "403 Forbidden", "content-length: 0"));

    Command.Result result = get("--overwrite");

    assertThat(result.code()).as(result.all()).isEqualTo(5);
    assertThat(output).hasContent("what was there before");
    try (var left = Files.list(output.getParent())) {
      assertThat(left).containsExactly(output);
    }
  }
}
