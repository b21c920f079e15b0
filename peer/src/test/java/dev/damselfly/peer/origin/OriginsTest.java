package dev.damselfly.peer.origin;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.damselfly.api.assurance.Threat;
import dev.damselfly.api.error.Reason;
import dev.damselfly.api.error.RequestFailure;
import dev.damselfly.api.error.RequestFailure.OriginRefused;
import dev.damselfly.api.error.RequestFailure.Refused;
import dev.damselfly.api.id.ByteRange;
import dev.damselfly.peer.content.ContentFacts;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class OriginsTest {
  private static final byte[] CONTENT = "0123456789abcdefghij".getBytes(US_ASCII);
  private static final long PIECE = 4L << 20;

  private final ManualWaits waits = new ManualWaits();
  private final List<Place> asked = new ArrayList<>();
  private final List<ScriptedOrigin> started = new ArrayList<>();
  private final Origins origins = new Origins(OriginsConfig.standard("test"), this::loopback, waits);

  private Egress.Way loopback(Place place) {
    asked.add(place);
    if (!place.host().equals("127.0.0.1") && !place.host().equals("localhost")) {
      throw new Refused(Reason.EGRESS_DENIED, "egress: no rule allows this host");
    }
    return new Egress.Way(new InetSocketAddress(InetAddress.getLoopbackAddress(), place.port()), Optional.empty());
  }

  @AfterEach
  void close() throws IOException {
    origins.close();
    for (var origin : started) {
      origin.close();
    }
  }

  private ScriptedOrigin origin(ScriptedOrigin.Script script) throws IOException {
    var origin = ScriptedOrigin.start(script);
    started.add(origin);
    return origin;
  }

  private static OriginRequest ask(ScriptedOrigin origin, String path) {
    return new OriginRequest(origin.url(path), Map.of());
  }

  private static ContentFacts pin(long length, String etag, boolean ranges) {
    return new ContentFacts(OptionalLong.of(length), PIECE, etag, "", ranges);
  }

  private static final ContentFacts PIN = pin(CONTENT.length, "\"v1\"", true);
  private static final Optional<ByteRange> MIDDLE = Optional.of(new ByteRange(5, 10));

  private static byte[] drain(OriginBody body) {
    try (body) {
      var all = new ByteArrayOutputStream();
      var buffer = ByteBuffer.allocate(7);
      while (body.read(buffer.clear()) >= 0) {
        all.write(buffer.array(), 0, buffer.position());
      }
      return all.toByteArray();
    }
  }

  private static void assertReason(Reason reason, ThrowingCallable call) {
    assertThatThrownBy(call).isInstanceOfSatisfying(RequestFailure.class, e -> assertThat(e.reason()).isEqualTo(reason));
  }

  private static void assertStatus(int status, ThrowingCallable call) {
    assertThatThrownBy(call).isInstanceOfSatisfying(OriginRefused.class, e -> assertThat(e.status()).isEqualTo(status));
  }

  @Test
  void stat_learnsLengthRangesAndStrongTagFromOneByte() throws IOException {
    var origin = origin(ScriptedOrigin.serving(CONTENT, "\"v1\""));

    var facts = origins.stat(ask(origin, "/a?x=1&y=%20#f"));

    assertThat(facts).isEqualTo(new OriginFacts(OptionalLong.of(20), "\"v1\"", "", true));
    var seen = origin.requests().getFirst();
    assertThat(seen.target()).isEqualTo("/a?x=1&y=%20");
    assertThat(seen.headers())
        .containsEntry("range", "bytes=0-0")
        .containsEntry("accept-encoding", "identity")
        .containsEntry("user-agent", "damselfly/test")
        .containsEntry("host", "127.0.0.1:" + origin.port());
    assertThat(seen.bodyBytes()).hasValue(1);
  }

  /// A name that no resolver knows: whoever asks for its address once more finds none.
  @Test
  @Threat({"TOB-2", "S-ORG-1"})
  void connection_goesToTheAddressThatWasChecked() throws IOException {
    var origin = origin(ScriptedOrigin.serving(CONTENT, "\"v1\""));
    Egress checked = place -> new Egress.Way(new InetSocketAddress(InetAddress.getLoopbackAddress(), place.port()), Optional.empty());
    try (var named = new Origins(OriginsConfig.standard("test"), checked, waits)) {
      var facts = named.stat(new OriginRequest("http://nowhere.invalid:" + origin.port() + "/a", Map.of()));

      assertThat(facts.length()).hasValue(CONTENT.length);
    }
    assertThat(origin.requests().getFirst().headers()).containsEntry("host", "nowhere.invalid:" + origin.port());
  }

  @Test
  void stat_doesNotReadTheBodyOfAnOriginWithoutRanges() throws IOException {
    byte[] chunk = new byte[64 << 10];
    var origin =
        origin(
            exchange -> {
              exchange.head(200, "Content-Length: 1099511627776", "ETag: W/\"weak\"", "Last-Modified: yesterday");
              for (int i = 0; i < 16_384; i++) {
                exchange.body(chunk);
              }
            });

    var facts = origins.stat(ask(origin, "/endless"));

    assertThat(facts).isEqualTo(new OriginFacts(OptionalLong.of(1L << 40), "", "yesterday", false));
    assertThat(origin.requests().getFirst().bodyBytes().get()).isLessThan(64L << 20);
  }

  @Test
  void stat_knowsEmptyContent() throws IOException {
    var nginx = origin(ScriptedOrigin.serving(new byte[0], "\"v1\""));
    var plain =
        origin(
            exchange -> {
              if (exchange.header("range").isEmpty()) {
                exchange.head(200, "Content-Length: 0");
              } else {
                exchange.head(416, "Content-Length: 0");
              }
            });

    assertThat(origins.stat(ask(nginx, "/")).length()).hasValue(0);
    assertThat(origins.stat(ask(plain, "/")).length()).hasValue(0);
    assertThat(plain.requests()).hasSize(2);
  }

  @Test
  void stat_asksByHeadWhenThereIsNoLength() throws IOException {
    var origin =
        origin(
            exchange -> {
              if (exchange.method().equals("HEAD")) {
                exchange.head(200, "Content-Length: 20");
              } else {
                exchange.head(200, "Transfer-Encoding: chunked").body("5\r\n01234\r\n".getBytes(US_ASCII));
              }
            });
    var silent =
        origin(
            exchange -> {
              if (exchange.method().equals("HEAD")) {
                exchange.head(405, "Content-Length: 0");
              } else {
                exchange.head(200).body(CONTENT).hangUp();
              }
            });

    assertThat(origins.stat(ask(origin, "/")).length()).hasValue(20);
    assertThat(origins.stat(ask(silent, "/")).length()).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(ints = {400, 401, 403, 404, 410, 429, 500, 501, 302})
  void stat_namesTheStatusOfARefusal(int status) throws IOException {
    var origin = origin(exchange -> exchange.head(status, "Content-Length: 0", status == 302 ? "Location: /x" : "X: y"));

    if (status == 302) {
      assertThatThrownBy(() -> origins.stat(ask(origin, "/x"))).isInstanceOf(OriginRefused.class);
      assertThat(origin.requests()).hasSize(Exchanges.MAX_REDIRECTS + 1);
    } else {
      assertStatus(status, () -> origins.stat(ask(origin, "/secret-path?token=canary")));
      assertThat(origin.requests()).hasSize(1);
      assertThatThrownBy(() -> origins.stat(ask(origin, "/secret-path?token=canary")))
          .hasMessageNotContaining("canary")
          .hasMessageNotContaining("secret-path");
    }
  }

  @Test
  void passingFailure_isTriedOnceMoreAfterAPause() throws IOException {
    var count = new AtomicInteger();
    var origin =
        origin(
            exchange -> {
              switch (count.getAndIncrement() % 2) {
                case 0 -> exchange.head(503, "Content-Length: 0", "Retry-After: 3");
                default -> ScriptedOrigin.serving(CONTENT, "\"v1\"").answer(exchange);
              }
            });
    var down = origin(exchange -> exchange.head(502, "Content-Length: 0"));
    var greedy = origin(exchange -> exchange.head(429, "Content-Length: 0", "Retry-After: 86400"));
    var flaky = new AtomicInteger();
    var breaking =
        origin(
            exchange -> {
              if (flaky.getAndIncrement() == 0) {
                exchange.hangUp();
              } else {
                ScriptedOrigin.serving(CONTENT, "\"v1\"").answer(exchange);
              }
            });

    assertThat(origins.stat(ask(origin, "/")).length()).hasValue(20);
    assertThat(waits.pauses()).containsExactly(Duration.ofSeconds(3));
    assertStatus(502, () -> origins.stat(ask(down, "/")));
    assertThat(down.requests()).hasSize(2);
    assertStatus(429, () -> origins.stat(ask(greedy, "/")));
    assertThat(greedy.requests()).hasSize(1);
    assertThat(origins.stat(ask(breaking, "/")).length()).hasValue(20);
  }

  @Test
  void get_readsARangeAndKeepsTheConnection() throws IOException {
    var origin = origin(ScriptedOrigin.serving(CONTENT, "\"v1\""));

    for (int i = 0; i < 3; i++) {
      assertThat(drain(origins.get(ask(origin, "/"), MIDDLE, PIN))).isEqualTo("56789abcde".getBytes(US_ASCII));
    }
    assertThat(drain(origins.get(ask(origin, "/"), Optional.empty(), PIN))).isEqualTo(CONTENT);

    assertThat(origin.connections()).isEqualTo(1);
    assertThat(origin.requests().getFirst().headers())
        .containsEntry("range", "bytes=5-14")
        .containsEntry("if-range", "\"v1\"");
  }

  @Test
  void get_fillsDirectBuffersToo() throws IOException {
    var origin = origin(ScriptedOrigin.serving(CONTENT, "\"v1\""));
    var buffer = ByteBuffer.allocateDirect(20);

    try (var body = origins.get(ask(origin, "/"), Optional.empty(), PIN)) {
      while (body.read(buffer) > 0) {
        assertThat(buffer.position()).isPositive();
      }
      assertThat(buffer.hasRemaining()).isFalse();
      assertThat(body.read(ByteBuffer.allocate(1))).isEqualTo(-1);
    }
  }

  @Test
  @Threat({"S-ORG-8"})
  void get_refusesEveryOtherContent() throws IOException {
    List<ScriptedOrigin.Script> changed =
        List.of(
            ScriptedOrigin.serving(CONTENT, "\"v2\""),
            ScriptedOrigin.serving("0123456789abcdefghi".getBytes(US_ASCII), "\"v1\""),
            ScriptedOrigin.serving("0123".getBytes(US_ASCII), "\"v1\""),
            e -> e.head(200, "Content-Length: 20", "ETag: \"v1\"").body(CONTENT),
            e -> e.head(412, "Content-Length: 0"),
            e -> e.head(206, "Content-Range: bytes 5-14/20", "Content-Length: 10").body(CONTENT, 5, 10),
            e -> e.head(206, "Content-Range: bytes 5-14/20", "Content-Length: 10", "ETag: W/\"v1\"").body(CONTENT, 5, 10),
            e -> e.head(206, "Content-Range: bytes 4-13/20", "Content-Length: 10", "ETag: \"v1\"").body(CONTENT, 4, 10),
            e -> e.head(206, "Content-Range: bytes 5-14/*", "Content-Length: 10", "ETag: \"v1\"").body(CONTENT, 5, 10),
            e -> e.head(206, "Content-Range: bytes 5-14/20", "Content-Length: 11", "ETag: \"v1\"").body(CONTENT, 5, 11));

    for (var script : changed) {
      var origin = origin(script);
      assertReason(Reason.ORIGIN_CHANGED, () -> origins.get(ask(origin, "/"), MIDDLE, PIN));
    }
  }

  @Test
  @Threat({"S-ORG-8"})
  void get_comparesTheDateWhenThereIsNoTag() throws IOException {
    var origin = origin(e -> e.head(200, "Content-Length: 20", "Last-Modified: now").body(CONTENT));
    var then = new ContentFacts(OptionalLong.of(20), PIECE, "", "then", false);
    var now = new ContentFacts(OptionalLong.of(20), PIECE, "", "now", false);

    assertReason(Reason.ORIGIN_CHANGED, () -> origins.get(ask(origin, "/"), Optional.empty(), then));
    assertThat(drain(origins.get(ask(origin, "/"), Optional.of(new ByteRange(0, 20)), now))).isEqualTo(CONTENT);
    assertReason(Reason.WRONG_STATE, () -> origins.get(ask(origin, "/"), MIDDLE, now));
    assertReason(Reason.RANGE_UNSATISFIABLE, () -> origins.get(ask(origin, "/"), Optional.of(new ByteRange(15, 6)), PIN));
  }

  @Test
  @Threat({"S-ORG-4", "F-13"})
  void body_endsExactlyAtItsLength() throws IOException {
    var shortBody = origin(e -> e.head(200, "Content-Length: 20", "ETag: \"v1\"").body(CONTENT, 0, 19).hangUp());
    var shortChunks = origin(e -> e.head(200, "Transfer-Encoding: chunked", "ETag: \"v1\"").raw("1\r\n0\r\n0\r\n\r\n"));
    var longChunks =
        origin(
            e -> e.head(200, "Transfer-Encoding: chunked", "ETag: \"v1\"").raw("15\r\n0123456789abcdefghijk\r\n0\r\n\r\n"));
    var cutChunks = origin(e -> e.head(200, "Transfer-Encoding: chunked", "ETag: \"v1\"").raw("15\r\n01234").hangUp());
    var exact = origin(e -> e.head(200, "Transfer-Encoding: chunked", "ETag: \"v1\"").raw("14\r\n0123456789abcdefghij\r\n0\r\n\r\n"));

    for (var origin : List.of(shortBody, shortChunks, longChunks, cutChunks)) {
      assertReason(Reason.ORIGIN_FAILED, () -> drain(origins.get(ask(origin, "/"), Optional.empty(), PIN)));
    }
    assertThat(drain(origins.get(ask(exact, "/"), Optional.empty(), PIN))).isEqualTo(CONTENT);
  }

  @Test
  @Threat({"S-ORG-4"})
  void head_isBounded() throws IOException {
    var endless =
        origin(
            e -> {
              e.raw("HTTP/1.1 200 OK\r\n");
              for (int i = 0; i < 1000; i++) {
                e.raw("x-" + i + ": " + "y".repeat(10) + "\r\n");
              }
            });
    var longLine = origin(e -> e.raw("HTTP/1.1 200 OK\r\nx: " + "y".repeat(100_000) + "\r\n\r\n"));
    var twice = origin(e -> e.head(206, "Content-Range: bytes 0-0/20", "Content-Range: bytes 0-0/30", "Content-Length: 1").body(CONTENT, 0, 1));

    assertReason(Reason.ORIGIN_FAILED, () -> origins.stat(ask(endless, "/")));
    assertReason(Reason.ORIGIN_FAILED, () -> origins.stat(ask(longLine, "/")));
    assertReason(Reason.ORIGIN_FAILED, () -> origins.stat(ask(twice, "/")));
  }

  @Test
  @Threat({"B-46"})
  void head_thatNeverComesEndsAtTheDeadline() throws Exception {
    var arrived = new CountDownLatch(1);
    var never = new CountDownLatch(1);
    var origin =
        origin(
            e -> {
              arrived.countDown();
              never.await();
            });
    var failure = new java.util.concurrent.CompletableFuture<RequestFailure>();
    Thread.ofVirtual()
        .start(
            () -> {
              try {
                origins.stat(ask(origin, "/"));
              } catch (RequestFailure e) {
                failure.complete(e);
              }
            });
    arrived.await();

    waits.ring();

    assertThat(failure.get(10, java.util.concurrent.TimeUnit.SECONDS).reason()).isEqualTo(Reason.TIMED_OUT);
    never.countDown();
  }

  @Test
  @Threat({"B-08"})
  void body_belowTheMinimumRateIsGivenUp() throws IOException {
    var origin = origin(ScriptedOrigin.serving(CONTENT, "\"v1\""));

    try (var body = origins.get(ask(origin, "/"), Optional.empty(), PIN)) {
      waits.passPerCall(Duration.ofSeconds(11));
      assertReason(Reason.TIMED_OUT, () -> body.read(ByteBuffer.allocate(1)));
    }
  }

  @Test
  @Threat({"S-ORG-2", "S-PXY-4"})
  void redirect_toAnotherOriginLosesCredentials() throws IOException {
    var target = origin(ScriptedOrigin.serving(CONTENT, "\"v1\""));
    var sameOrigin = new AtomicInteger();
    var origin =
        origin(
            e -> {
              if (sameOrigin.getAndIncrement() == 0) {
                e.head(307, "Location: other?q=2", "Content-Length: 0");
              } else {
                e.head(302, "Location: " + target.url("/t"), "Content-Length: 0");
              }
            });
    var headers = Map.of("Authorization", "Bearer canary", "X-Custom", "canary", "Accept", "a/b", "Range", "bytes=9-9");

    origins.stat(new OriginRequest(origin.url("/dir/file"), headers));

    assertThat(origin.requests()).hasSize(2);
    assertThat(origin.requests().get(1).target()).isEqualTo("/dir/other?q=2");
    assertThat(origin.requests().get(1).headers()).containsEntry("authorization", "Bearer canary");
    assertThat(target.requests().getFirst().headers())
        .containsEntry("accept", "a/b")
        .containsEntry("range", "bytes=0-0")
        .doesNotContainKeys("authorization", "x-custom");
    assertThat(origin.connections()).isEqualTo(1);
  }

  @Test
  @Threat({"S-ORG-1", "B-33"})
  void redirect_isDecidedAnew() throws IOException {
    var metadata = origin(e -> e.head(302, "Location: http://169.254.169.254/latest/", "Content-Length: 0"));
    var gopher = origin(e -> e.head(302, "Location: gopher://127.0.0.1/", "Content-Length: 0"));
    var nowhere = origin(e -> e.head(302, "Content-Length: 0"));

    assertReason(Reason.EGRESS_DENIED, () -> origins.stat(ask(metadata, "/")));
    assertReason(Reason.ORIGIN_FAILED, () -> origins.stat(ask(gopher, "/")));
    assertReason(Reason.ORIGIN_FAILED, () -> origins.stat(ask(nowhere, "/")));
    assertThat(asked).contains(new Place("http", "169.254.169.254", 80));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"ftp://127.0.0.1/", "file:///etc/passwd", "http://user:canary@127.0.0.1/", "http://127.0.0.1\\@x/", "nonsense"})
  @Threat({"S-ORG-1"})
  void url_ofAnotherKindIsRefused(String url) {
    assertThatThrownBy(() -> origins.stat(new OriginRequest(url, Map.of())))
        .isInstanceOf(RequestFailure.Malformed.class)
        .hasMessageStartingWith("url: ")
        .hasMessageNotContaining("canary");
    assertThat(asked).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(strings = {"a\r\nb: c", "a b", "", "ä"})
  @Threat({"S-PXY-2", "F-11"})
  void header_thatIsNoTokenIsRefused(String name) {
    assertReason(
        Reason.MALFORMED_FIELD,
        () -> origins.stat(new OriginRequest("http://127.0.0.1:1/", Map.of(name, "x"))));
    assertReason(
        Reason.MALFORMED_FIELD,
        () -> origins.stat(new OriginRequest("http://127.0.0.1:1/", Map.of("x", "a\r\nb: c"))));
  }

  @ParameterizedTest
  @ValueSource(strings = {"\n", "\r", "\r\n", "\0", "\u001f", "\u007f", "\u0101"})
  @Threat({"B-24", "S-PXY-2", "F-11"})
  void header_whoseValueIsMoreThanALineOfTextIsRefused(String character) {
    for (String value : List.of(character, "a" + character + "b: c", "a" + character)) {
      assertReason(
          Reason.MALFORMED_FIELD,
          () -> origins.stat(new OriginRequest("http://127.0.0.1:1/", Map.of("x", value))));
    }
  }

  @Test
  void noListener_isRefusedWithoutAStatus() throws IOException {
    var origin = origin(e -> e.hangUp());
    int port = origin.port();
    origin.close();

    assertStatus(0, () -> origins.stat(new OriginRequest("http://127.0.0.1:" + port + "/", Map.of())));
    assertThat(waits.pauses()).hasSize(1);
  }
}
