package dev.damselfly.peer.proxy;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;

import dev.damselfly.api.assurance.Threat;
import dev.damselfly.peer.origin.ScriptedOrigin;
import dev.damselfly.peer.proxy.NydusdTraces.Asking;
import dev.damselfly.peer.proxy.NydusdTraces.Situation;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// The recorded requests of a Nydus daemon, asked again of our mirror, before a registry with the faults of the recording.
///
/// That client goes to the registry itself after a status of 500 and more, fails its readers after one of 400 to 499, repeats
/// what was cut, and believes lengths and bytes. So an answer is right to the last byte, or it is a refusal: of 500 and more
/// unless the registry itself says otherwise.
@NullMarked
@Timeout(120)
class NydusdTest {
  private static final byte[] CONTENT = new byte[50 << 20];
  private static final Map<Integer, String> DIGESTS = new ConcurrentHashMap<>();
  private static final String REPOSITORY = "probe/app";
  private static final Map<String, String> CREDENTIALS =
      Map.of("basic", "Basic dXNlcjpwYXNz", "bearer", "Bearer T1");
  private static final int THREADS = 8;
  private static final int PIECE = 4 << 20;
  private static final Asking OTHER_PIECE = new Asking(false, "GET", "blob", "0-1048575", "6", "-", 206);

  static {
    new Random(20261125).nextBytes(CONTENT);
  }

  private final ProxyLab lab;
  private final AtomicInteger faults = new AtomicInteger();
  private final CountDownLatch asked = new CountDownLatch(1);
  private final CountDownLatch released = new CountDownLatch(1);
  private byte[] blob = new byte[0];
  private String path = "";

  NydusdTest(@TempDir Path directory) throws IOException {
    lab = new ProxyLab(directory);
  }

  @AfterEach
  void close() throws IOException {
    released.countDown();
    lab.close();
  }

  static List<Situation> situations() {
    return NydusdTraces.all();
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("situations")
  @Threat({"S-PXY-2", "S-PXY-9"})
  void recordedRequest_isAnsweredRight_orSoThatTheClientGoesPastTheMirror(Situation situation) throws Exception {
    publish(situation.blobBytes());
    protect(situation);
    lab.hub.instead(exchange -> answer(situation, exchange));
    List<Asking> ours = situation.requests().stream().filter(request -> !request.past()).toList();

    try (var client = new RawHttp(lab.port())) {
      for (int i = 0; i < ours.size(); i++) {
        lab.awaitRest(); // the registry is asked of each, as nothing runs whose facts spare the question
        if (i == situation.number("skip", 0)) {
          faults.set(situation.number("times", Integer.MAX_VALUE));
        }
        if (i > 0 && situation.name().contains("prefetch") && situation.fault().isEmpty()) {
          sideBySide(situation, ours.subList(i, ours.size()));
          break;
        }
        if (situation.has("delay") && i == situation.number("skip", 0)) {
          abandoned();
        } else {
          one(client, situation, ours.get(i));
        }
      }
      if (situation.has("skip")) { // the part that was asked for is in a piece that came before
        lab.awaitRest();
        one(client, situation, OTHER_PIECE);
      }
    }
    requireThriftAndSilence(situation);
  }

  private void publish(int bytes) {
    blob = Arrays.copyOf(CONTENT, bytes);
    path = lab.hub.blob(REPOSITORY, blob, DIGESTS.computeIfAbsent(bytes, _ -> TestRegistry.digest(blob)));
  }

  private void protect(Situation situation) {
    boolean bearer = situation.has("bearer") || situation.fault().getOrDefault("auth", "").equals("bearer");
    if (bearer || situation.has("auth")) {
      lab.hub.protect(REPOSITORY, CREDENTIALS.getOrDefault(bearer ? "bearer" : "basic", ""));
      lab.hub.challenge(bearer ? bearerChallenge() : "Basic realm=\"golden\"");
    }
  }

  private String bearerChallenge() {
    return "Bearer realm=\"" + lab.hub.url() + "/token\",service=\"golden\",scope=\"repository:probe/app:pull\"";
  }

  private String text(Asking request) {
    String own = "127.0.0.1:" + lab.port();
    boolean proxied = !request.priority().equals("-");
    String host = proxied ? "hub.test" : own;
    String target =
        switch (request.target()) {
          case "connect" -> "hub.test:443";
          case "ping" -> "/healthy";
          default -> (proxied ? "http://hub.test" : "") + path;
        };
    var text = new StringBuilder(request.method() + " " + target + " HTTP/1.1~");
    request.headers().forEach(line -> text.append(line).append('~'));
    if (!request.credentials().equals("-")) {
      text.append("authorization: ").append(CREDENTIALS.get(request.credentials())).append('~');
    }
    return text + "host: " + (request.target().equals("connect") ? "hub.test:443" : host) + "~~";
  }

  private void one(RawHttp client, Situation situation, Asking request) throws IOException {
    if (request.target().equals("connect")) {
      try (var other = new RawHttp(lab.port())) {
        assertThat(other.send(text(request)).read().status()).isEqualTo(405);
        assertThat(other.isEnded()).isTrue();
      }
      return;
    }
    boolean disturbed = faults.get() > 0 && !situation.fault().isEmpty();
    client.send(text(request));
    var answer = client.read(request.method().equals("HEAD"));
    if (request.target().equals("ping")) {
      assertThat(answer.status()).isEqualTo(200);
    } else {
      require(situation, request, answer, disturbed);
    }
  }

  private void require(Situation situation, Asking request, RawHttp.Answer answer, boolean disturbed) {
    assertThat(answer.whole()).as("no answer is cut").isTrue();
    if (answer.status() < 300) {
      requireRight(request, answer);
      assertThat(disturbed && refusedForGood(situation, request)).as("served whatever the registry says").isFalse();
    } else if (answer.status() == 401 && (situation.has("auth") || situation.has("bearer"))) {
      assertThat(request.status()).isEqualTo(401);
      assertThat(answer.header("www-authenticate")).isIn("Basic realm=\"golden\"", bearerChallenge());
    } else {
      assertThat(disturbed).as("refused with " + answer.status() + ": " + answer.text()).isTrue();
      assertThat(answer.status()).isEqualTo(refusal(situation, request));
      assertThat(answer.header("x-dragonfly-error-type").isEmpty()).isEqualTo(answer.status() == 416);
    }
  }

  /// What the registry says about the caller or the blob is passed on; all else makes the client go past the mirror.
  private static int refusal(Situation situation, Asking request) {
    int status = situation.number("status", situation.number("force_status", 0));
    return switch (status) {
      case 401, 403, 404, 429 -> status;
      case 200 -> request.first() > 0 ? 416 : 502; // by that registry the blob ends before the range, or is another one
      default -> 502;
    };
  }

  /// Each request is the registry's to allow; and bytes that came right stay right.
  private static boolean refusedForGood(Situation situation, Asking request) {
    boolean asks = situation.has("status") && !situation.has("location") || situation.has("drop");
    boolean bytes = Stream.of("cut", "resize", "force_status").anyMatch(situation::has);
    boolean held = situation.has("skip") && !request.equals(OTHER_PIECE);
    return !situation.has("times") && !situation.has("ping") && !situation.has("connect") && (asks || (bytes && !held));
  }

  private void requireRight(Asking request, RawHttp.Answer answer) {
    if (request.method().equals("HEAD")) {
      assertThat(answer.headers()).containsEntry("content-length", "" + blob.length);
    } else if (request.isWhole()) {
      assertThat(answer.status()).isEqualTo(200);
      assertThat(Arrays.equals(answer.body(), blob)).isTrue();
    } else {
      assertThat(answer.status()).isEqualTo(206);
      assertThat(answer.header("content-range")).isEqualTo("bytes " + request.range() + "/" + blob.length);
      assertThat(Arrays.equals(answer.body(), 0, answer.body().length, blob, request.first(), request.last() + 1)).isTrue();
    }
  }

  /// As the client does it that fetches ahead.
  private void sideBySide(Situation situation, List<Asking> requests) throws Exception {
    try (var threads = Executors.newFixedThreadPool(THREADS)) {
      List<Future<?>> running = new ArrayList<>();
      for (Asking request : requests) {
        running.add(threads.submit(() -> {
          try (var client = new RawHttp(lab.port())) {
            one(client, situation, request);
          }
          return null;
        }));
      }
      for (Future<?> each : running) {
        each.get();
      }
    }
  }

  /// The client waits for a head, for as long as it likes, and goes past the mirror.
  private void abandoned() throws IOException, InterruptedException {
    try (var client = new RawHttp(lab.port())) {
      client.send(text(OTHER_PIECE));
      assertThat(asked.await(30, TimeUnit.SECONDS)).isTrue();
    }
    faults.set(0);
    released.countDown();
  }

  private void requireThriftAndSilence(Situation situation) {
    var seen = lab.hub.requests(path);
    if (situation.fault().isEmpty()) {
      long questions = seen.size(); // of one byte each: may these credentials have it
      assertThat(seen.stream().mapToLong(one -> one.bodyBytes().get()).sum()).as("each byte once").isLessThanOrEqualTo(blob.length + questions);
    }
    assertThat(seen).allSatisfy(one -> assertThat(one.headers().keySet()).noneMatch(name -> name.startsWith("x-")));
  }

  @Test
  void rangeOverTwoPieces_beginsOnlyWhenItCanEnd() throws IOException {
    publish(3 * PIECE);
    lab.hub.instead(
        exchange -> {
          if (exchange.header("range").equals("bytes=" + PIECE + "-" + (2 * PIECE - 1))) {
            exchange.hangUp();
          } else {
            lab.hub.serve(exchange, path);
          }
        });
    String range = (PIECE - 1000) + "-" + (PIECE + 1000);

    var answer = lab.get(path, "range: bytes=" + range);
    lab.hub.instead(exchange -> lab.hub.serve(exchange, path));
    var again = lab.get(path, "range: bytes=" + range);

    assertThat(answer.whole()).isTrue();
    assertThat(answer.status()).isGreaterThanOrEqualTo(500);
    requireRight(new Asking(false, "GET", "blob", range, "6", "-", 206), again);
  }

  @Test
  void readerThatWaits_isNotHeldUp_byABlobThatIsFetchedAhead() throws Exception {
    publish(8 * PIECE);
    lab.hub.instead(
        exchange -> {
          String range = exchange.header("range");
          if (range.startsWith("bytes=0-") && !range.equals("bytes=0-0")) {
            asked.countDown();
            released.await();
          }
          lab.hub.serve(exchange, path);
        });
    try (var ahead = new RawHttp(lab.port()); var reader = new RawHttp(lab.port())) {
      ahead.send(text(new Asking(false, "GET", "blob", "-", "3", "-", 200)));
      assertThat(asked.await(30, TimeUnit.SECONDS)).isTrue();
      var wanted = new Asking(false, "GET", "blob", (7 * PIECE) + "-" + (7 * PIECE + 4095), "6", "-", 206);
      reader.send(text(wanted));

      requireRight(wanted, reader.read());

      assertThat(released.getCount()).as("the other one still waits").isOne();
      released.countDown();
      requireRight(new Asking(false, "GET", "blob", "-", "3", "-", 200), ahead.read());
    }
  }

  @Test
  @Threat("S-PXY-6")
  void sign_thatTheMirrorIsThere_asksNobody() throws IOException {
    lab.hub.close();

    assertThat(lab.get("/healthy").status()).isEqualTo(200);
    assertThat(lab.ask("HEAD", "/healthy").status()).isEqualTo(200);
    assertThat(lab.get("/healthy", "Sec-Fetch-Mode: no-cors").status()).isEqualTo(403);
    assertThat(lab.ask("POST", "/healthy").status()).isEqualTo(405);
    for (String text : new String[] {"GET /healthy HTTP/1.1~Host: evil.test~~", "GET http://hub.test/healthy HTTP/1.1~Host: hub.test~~"}) {
      try (var client = new RawHttp(lab.port())) {
        assertThat(client.send(text).read().status()).isIn(404, 421);
      }
    }
    assertThat(lab.get("/healthy?x=y").status()).isEqualTo(400);
    assertThat(lab.connected).isEmpty();
  }

  /// The registry, as the fault of the situation has it.
  private void answer(Situation situation, ScriptedOrigin.Exchange exchange) throws IOException, InterruptedException {
    boolean own = situation.has("ping") || situation.has("connect") || situation.has("bearer") || situation.has("auth");
    boolean redirected = exchange.target().contains("?");
    if (own || redirected || situation.fault().isEmpty() || !exchange.method().equals("GET") || faults.get() <= 0) {
      lab.hub.serve(exchange, path);
      return;
    }
    faults.decrementAndGet();
    if (situation.has("delay")) {
      asked.countDown();
      released.await();
      lab.hub.serve(exchange, path);
    } else if (situation.has("drop")) {
      exchange.hangUp();
    } else if (situation.has("location")) {
      exchange.head(307, "Location: " + lab.hub.url() + path + "?redirected=1", "Content-Length: 0");
    } else if (situation.has("status")) {
      byte[] body = situation.number("status", 0) == 200 ? new byte[64] : "injected".getBytes(US_ASCII);
      exchange.head(situation.number("status", 0), "Content-Length: " + body.length).body(body);
    } else {
      twisted(situation, exchange);
    }
  }

  private void twisted(Situation situation, ScriptedOrigin.Exchange exchange) throws IOException {
    String[] ends = exchange.header("range").replace("bytes=", "").split("-");
    int first = Integer.parseInt(ends[0]);
    int last = Math.min(Integer.parseInt(ends[1]), blob.length - 1);
    int length = Math.max(0, last - first + 1 + situation.number("resize", 0));
    byte[] body = Arrays.copyOf(Arrays.copyOfRange(blob, first, Math.min(blob.length, first + length)), length);
    var head = new ArrayList<>(List.of("Content-Length: " + length, "ETag: \"" + path.substring(path.indexOf("sha256:")) + "\""));
    String set = situation.fault().getOrDefault("set", "").replace('_', ' ').replace(":", ": ");
    if (!situation.has("no-content-range") && !set.startsWith("Content-Range")) {
      head.add("Content-Range: bytes " + first + "-" + last + "/" + blob.length);
    }
    if (!set.isEmpty()) {
      head.add(set);
    }
    exchange.head(situation.number("force_status", 206), head.toArray(String[]::new));
    int sent = Math.min(length, situation.number("cut", length));
    int step = situation.has("drip") ? Math.max(1, sent / 50) : Math.max(1, sent);
    for (int at = 0; at < sent; at += step) {
      exchange.body(body, at, Math.min(step, sent - at));
    }
    if (sent < length) {
      exchange.hangUp();
    }
  }
}
