package dev.damselfly.peer.proxy;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;

import dev.damselfly.api.assurance.Threat;
import dev.damselfly.authz.audit.AuditAction;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// What callers get of web servers, over real sockets.
@NullMarked
@Timeout(120)
class SiteTest {
  private static final byte[] SMALL = "0123456789abcdefghij".getBytes(US_ASCII);
  private static final byte[] LARGE = random(9 << 20);
  private static final String CI = ProxyLab.as("ci", ProxyLab.CI);
  private static final String ALICE = "Basic YWxpY2U6c2VjcmV0LW9mLWFsaWNl";
  private static final String BOB = "Basic Ym9iOnNlY3JldC1vZi1ib2I=";

  private final ProxyLab lab;

  SiteTest(@TempDir Path directory) throws IOException {
    lab = ProxyLab.guarded(directory, Map.of());
  }

  @AfterEach
  void close() throws IOException {
    lab.close();
  }

  private static byte[] random(int length) {
    var bytes = new byte[length];
    new Random(20261126).nextBytes(bytes);
    return bytes;
  }

  private static String request(String method, String path, String... headers) {
    var text = new StringBuilder(method + " http://files.test" + path + " HTTP/1.1~Host: files.test~" + CI + "~");
    for (String header : headers) {
      text.append(header).append('~');
    }
    return text.append('~').toString();
  }

  private RawHttp.Answer ask(String method, String path, String... headers) throws IOException {
    try (var client = new RawHttp(lab.port())) {
      client.send(request(method, path, headers));
      return client.read(method.equals("HEAD"));
    }
  }

  private RawHttp.Answer get(String path, String... headers) throws IOException {
    return ask("GET", path, headers);
  }

  private long bodyBytes(String path) {
    return lab.web.requests(path).stream().mapToLong(seen -> seen.bodyBytes().get()).sum();
  }

  @Test
  void request_isMadeAnew_andItsAnswerToo() throws IOException {
    lab.web.put("/f", SMALL);

    var answer =
        get("/f?a=b%20c&d", "Accept: text/x", "Cookie: a=b", "Connection: keep-alive, te", "Keep-Alive: x", "TE: trailers", "Upgrade: h2c", "Trailer: x",
            "X-Dragonfly-Tag: t", "X-Dragonfly-Use-P2P: true", "X-Forwarded-For: 1.2.3.4", "Via: x", "X-Other: y");

    assertThat(answer.body()).isEqualTo(SMALL);
    assertThat(answer.headers()).containsEntry("content-length", "20").containsEntry("etag", "\"" + TestRegistry.digest(SMALL) + "\"");
    assertThat(answer.headers().toString()).doesNotContain(TestRegistry.CANARY);
    var seen = lab.web.requests("/f?a=b%20c&d");
    assertThat(seen).hasSize(1);
    assertThat(seen.getFirst().headers().keySet()).containsExactlyInAnyOrder("accept", "accept-encoding", "connection", "cookie", "host", "user-agent");
    assertThat(seen.getFirst().headers()).containsEntry("host", "127.0.0.1:" + lab.web.port()).containsEntry("cookie", "a=b");
    assertThat(lab.audit.of(AuditAction.PROXY_FORWARD)).singleElement().satisfies(event -> {
      assertThat(event.actor()).isEqualTo("proxy:ci");
      assertThat(event.object()).isEqualTo("files.test/f");
    });
  }

  @Test
  @Threat("S-PXY-9")
  void headersThatNameFilesOfThisHost_areRefused() throws IOException {
    lab.web.put("/f", SMALL);

    for (String header : new String[] {"X-Dragonfly-Output-Path: /etc/x", "x-dragonfly-force-hard-link: false"}) {
      var refused = get("/f", header);
      assertThat(refused.status()).isEqualTo(400);
      assertThat(refused.text()).contains("headers that name files").doesNotContain("/etc");
    }
    assertThat(lab.web.requests()).isEmpty();
  }

  @ParameterizedTest
  @Threat({"S-PXY-2", "S-PXY-5"})
  @ValueSource(strings = {"/big/../f", "/%2e%2E/f", "/.", "/a/..", "/a//f", "/a%2f..%2ff", "/a%5c..%5cf", "/%", "/%0a", "/%zz", "/a%00"})
  void pathOfTwoReadings_isRefused(String path) throws IOException {
    assertThat(get(path).status()).isEqualTo(400);
    assertThat(lab.web.requests()).isEmpty();
  }

  @Test
  @Threat({"S-PXY-5", "S-PXY-6"})
  void otherHosts_areNotReached() throws IOException {
    for (String host : new String[] {"other.example", "files.test:81", "files.test:443", "FILES.TEST", "127.0.0.1:" + lab.web.port(), "localhost", "[::1]"}) {
      try (var client = lab.connect()) {
        client.send("GET http://" + host + "/f HTTP/1.1~Host: " + host + "~" + CI + "~~");
        assertThat(client.read().status()).as(host).isEqualTo(421);
      }
    }
    try (var client = lab.connect()) {
      client.send("GET http://files.test/f HTTP/1.1~Host: hub.test~" + CI + "~~");
      assertThat(client.read().status()).isEqualTo(400);
    }
    assertThat(lab.connected).isEmpty();
  }

  @Test
  @Threat("S-PXY-4")
  void redirect_isTheCallersToFollow() throws IOException {
    lab.web.instead(
        exchange -> {
          String place = exchange.target().equals("/own") ? lab.web.url() + "/f?x" : "http://elsewhere.test/f";
          exchange.head(302, "Location: " + place, "Content-Length: 0", "X-Linked-ETag: \"a\"", "X-Repo-Commit: b");
        });

    assertThat(get("/own", "Authorization: " + ALICE).headers())
        .containsEntry("location", "http://files.test/f?x")
        .containsEntry("x-linked-etag", "\"a\"")
        .containsEntry("x-repo-commit", "b");
    assertThat(get("/other", "Authorization: " + ALICE).headers()).containsEntry("location", "http://elsewhere.test/f");
    assertThat(Set.copyOf(lab.connected)).as("nowhere but the web server").hasSize(1);
  }

  @Test
  void statuses_andConditions_arePassedOn() throws IOException {
    lab.web.put("/f", SMALL);
    String tag = "\"" + TestRegistry.digest(SMALL) + "\"";

    assertThat(get("/f", "If-None-Match: " + tag).status()).isEqualTo(304);
    assertThat(get("/none").status()).isEqualTo(404);
    assertThat(get("/f", "Range: bytes=2-3").text()).isEqualTo("23");
    assertThat(get("/f", "Range: bytes=2-3").headers()).containsEntry("content-range", "bytes 2-3/20");
    assertThat(get("/f", "Range: bytes=20-30").status()).isEqualTo(416);
    assertThat(ask("HEAD", "/f").headers()).containsEntry("content-length", "20");
    lab.web.instead(exchange -> exchange.head(407, "Content-Length: 0", "Proxy-Authenticate: Basic realm=\"x\""));
    assertThat(get("/f").status()).isEqualTo(502);
    lab.web.instead(exchange -> exchange.head(401, "Content-Length: 0", "WWW-Authenticate: Bearer realm=\"http://evil.test/\"", "WWW-Authenticate: Basic realm=\"r\""));
    assertThat(get("/f").header("www-authenticate")).isEqualTo("Basic realm=\"r\"");
  }

  @Test
  void answerWithoutLength_comesInChunks_andACutOneIsSeen() throws IOException {
    lab.web.instead(
        exchange -> {
          exchange.head(200, "Transfer-Encoding: chunked").raw("5\r\nhello\r\n");
          exchange.raw(exchange.target().equals("/cut") ? "5\r\nwor" : "5\r\nworld\r\n0\r\n\r\n");
          exchange.hangUp();
        });
    for (String path : new String[] {"/whole", "/cut"}) {
      try (var client = new RawHttp(lab.port())) {
        client.send(request("GET", path));
        assertThat(client.readStatus()).isEqualTo(200);
        if (path.equals("/whole")) {
          var rest = new StringBuilder();
          while (!rest.toString().endsWith("\r\n0\r\n\r\n")) {
            rest.append(new String(client.readBytes(1), US_ASCII));
          }
          assertThat(rest.toString()).isIn("5\r\nhello\r\n5\r\nworld\r\n0\r\n\r\n", "a\r\nhelloworld\r\n0\r\n\r\n");
          client.send(request("GET", path));
          assertThat(client.readStatus()).isEqualTo(200);
        } else {
          String all = new String(client.readBytes(1 << 16), US_ASCII);
          assertThat(all).contains("hello").doesNotContain("0\r\n\r\n");
        }
      }
    }
  }

  @Test
  void largeContent_comesThroughTheSwarm_onceFromTheServer() throws IOException {
    lab.web.put("/big/f", LARGE);

    var first = get("/big/f");
    long fetched = bodyBytes("/big/f");
    var second = get("/big/f");
    var part = get("/big/f", "Range: bytes=-5");

    assertThat(first.body()).isEqualTo(LARGE);
    assertThat(first.header("x-dragonfly-task-id")).matches("[0-9a-f]{64}");
    assertThat(second.body()).isEqualTo(LARGE);
    assertThat(second.headers())
        .containsEntry("x-dragonfly-task-download-finished", "true")
        .containsEntry("etag", "\"" + TestRegistry.digest(LARGE) + "\"")
        .containsEntry("accept-ranges", "bytes");
    assertThat(part.status()).isEqualTo(206);
    assertThat(part.body()).isEqualTo(Arrays.copyOfRange(LARGE, LARGE.length - 5, LARGE.length));
    assertThat(bodyBytes("/big/f")).isEqualTo(fetched).isBetween((long) LARGE.length, LARGE.length + 16L);
    assertThat(lab.web.requests("/big/f")).filteredOn(seen -> seen.method().equals("HEAD")).as("each time the server is asked").hasSize(3);
    assertThat(lab.audit.of(AuditAction.EXPORT)).hasSize(3).allSatisfy(event -> assertThat(event.actor()).isEqualTo("proxy:ci"));
  }

  @ParameterizedTest
  @CsvSource({
    "bytes=0-0, '', 206, 0, 1", "bytes=5-, '', 206, 5, 1048571", "bytes=1048576-, '', 416, 0, 0", "bytes=9-5, '', 200, 0, 1048576",
    "bytes=0-0, same, 206, 0, 1", "bytes=0-0, '\"x\"', 200, 0, 1048576",
  })
  void range_isAnsweredFromTheSwarm(String range, String ifRange, int status, int start, int length) throws IOException {
    byte[] content = Arrays.copyOf(LARGE, 1 << 20);
    lab.web.put("/big/f", content);
    var headers = new ArrayList<>(List.of("Range: " + range));
    if (!ifRange.isEmpty()) {
      headers.add("If-Range: " + (ifRange.equals("same") ? "\"" + TestRegistry.digest(content) + "\"" : ifRange));
    }

    var answer = get("/big/f", headers.toArray(String[]::new));

    assertThat(answer.status()).isEqualTo(status);
    assertThat(answer.body()).isEqualTo(status == 416 ? new byte[0] : Arrays.copyOfRange(content, start, start + length));
    assertThat(answer.header("x-dragonfly-task-id").isEmpty()).isEqualTo(status == 416);
  }

  @Test
  void onlyWhatTheRuleSays_comesThroughTheSwarm() throws IOException {
    lab.web.put("/f", LARGE);
    lab.web.put("/bigger", LARGE);
    lab.web.put("/big/small", SMALL);
    lab.web.put("/big/f", LARGE);
    String other = "If-None-Match: \"other\"";

    assertThat(get("/f").body()).isEqualTo(LARGE);
    assertThat(get("/bigger").body()).isEqualTo(LARGE);
    assertThat(get("/big/small").body()).isEqualTo(SMALL);
    assertThat(get("/big/f", other).body()).isEqualTo(LARGE);
    assertThat(ask("HEAD", "/big/f").headers()).containsEntry("content-length", "" + LARGE.length);

    assertThat(lab.store.tasks()).isEmpty();
  }

  @Test
  void contentThatChanged_isNeverTheOldOne() throws IOException {
    byte[] changed = LARGE.clone();
    changed[0] ^= 1;
    lab.web.put("/big/f", LARGE);
    get("/big/f");

    lab.web.put("/big/f", changed);
    var answer = get("/big/f");

    assertThat(answer.status()).isEqualTo(200);
    assertThat(answer.body()).isEqualTo(changed);
    assertThat(answer.headers()).doesNotContainKey("x-dragonfly-task-id");
    assertThat(get("/big/f", "Range: bytes=0-3").body()).isEqualTo(Arrays.copyOf(changed, 4));
  }

  @Test
  @Threat({"S-PXY-11", "F-01"})
  void cachedContent_isForThoseWhomTheServerLets() throws IOException {
    String path = "/v2/lib/app/blobs/x";
    byte[] content = Arrays.copyOf(LARGE, 1 << 20);
    lab.web.instead(
        exchange -> {
          if (!exchange.header("authorization").equals(ALICE)) {
            exchange.head(403, "Content-Length: 0");
          } else {
            lab.web.serve(exchange, path);
          }
        });
    lab.web.put(path, content);

    assertThat(get("/big/secret", "Authorization: " + ALICE).body()).isEqualTo(content);
    assertThat(get("/big/secret", "Authorization: " + ALICE).header("x-dragonfly-task-download-finished")).isEqualTo("true");

    for (String[] who : new String[][] {{}, {"Authorization: " + BOB}, {"Cookie: a=b"}, {"X-Dragonfly-Use-P2P: true"}}) {
      for (String how : new String[] {"X: y", "Range: bytes=0-0", "If-None-Match: *", "If-Range: \"x\""}) {
        for (String method : new String[] {"GET", "HEAD"}) {
          var headers = new ArrayList<>(List.of(who));
          headers.add(how);
          int asked = lab.web.requests().size();
          var answer = ask(method, "/big/secret", headers.toArray(String[]::new));
          assertThat(answer.status()).isEqualTo(403);
          assertThat(answer.body()).isEmpty();
          assertThat(answer.headers()).doesNotContainKeys("etag", "content-range", "x-dragonfly-task-id");
          assertThat(lab.web.requests().size()).isGreaterThan(asked);
        }
      }
    }
  }

  @Test
  void keepAlive_answersInOrder() throws IOException {
    lab.web.put("/f", SMALL);
    lab.web.put("/big/f", LARGE);
    var client = lab.connect();

    client.send(request("GET", "/big/f") + request("HEAD", "/f") + request("GET", "/f", "Range: bytes=1-2") + request("GET", "/f", "Connection: close"));

    assertThat(client.read().body()).isEqualTo(LARGE);
    assertThat(client.read(true).headers()).containsEntry("content-length", "20");
    assertThat(client.read().text()).isEqualTo("12");
    assertThat(client.read().body()).isEqualTo(SMALL);
    assertThat(client.isEnded()).isTrue();
  }

  @Test
  void callerThatGoesAway_endsTheRequestToTheServer() throws Exception {
    var hungUp = new CountDownLatch(1);
    lab.web.instead(
        exchange -> {
          try {
            exchange.head(200, "Content-Length: " + (1L << 40));
            while (hungUp.getCount() > 0) {
              exchange.body(LARGE, 0, 1 << 16);
            }
          } catch (IOException e) {
            hungUp.countDown();
            throw e;
          }
        });
    var client = lab.connect();
    client.send(request("GET", "/endless"));
    assertThat(client.readStatus()).isEqualTo(200);
    client.readBytes(1 << 20);

    client.close();

    assertThat(hungUp.await(30, TimeUnit.SECONDS)).isTrue();
  }

  @Test
  void serverThatGoesAway_cutsTheAnswer() throws IOException {
    lab.web.instead(
        exchange -> {
          exchange.head(200, "Content-Length: 1000").body(SMALL);
          exchange.hangUp();
        });

    var answer = get("/f");

    assertThat(answer.status()).isEqualTo(200);
    assertThat(answer.whole()).isFalse();
    lab.web.close();
    assertThat(get("/f").status()).isEqualTo(502);
  }
}
