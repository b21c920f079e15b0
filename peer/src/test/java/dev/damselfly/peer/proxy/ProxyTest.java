package dev.damselfly.peer.proxy;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;

import dev.damselfly.api.assurance.Threat;
import dev.damselfly.authz.audit.AuditAction;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// What callers of the mirror get: HTTP semantics over real sockets.
@NullMarked
@Timeout(120)
class ProxyTest {
  private static final byte[] SMALL = "0123456789abcdefghij".getBytes(US_ASCII);
  private static final byte[] LARGE = random(9 << 20);
  private static final int PIECE = 4 << 20;

  private final ProxyLab lab;

  ProxyTest(@TempDir Path directory) throws IOException {
    lab = new ProxyLab(directory);
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

  private static long bodyBytes(TestRegistry registry, String path) {
    return registry.requests(path).stream().mapToLong(seen -> seen.bodyBytes().get()).sum();
  }

  @Test
  void blob_comesWholeAndSaysWhereFrom() throws IOException {
    String path = lab.hub.blob("lib/app", LARGE);

    var first = lab.get(path + "?ns=hub.test");
    long fetched = bodyBytes(lab.hub, path);
    var second = lab.get(path);

    assertThat(first.status()).isEqualTo(200);
    assertThat(first.body()).isEqualTo(LARGE);
    assertThat(first.headers())
        .containsEntry("content-length", "" + LARGE.length)
        .containsEntry("content-type", "application/octet-stream")
        .containsEntry("docker-content-digest", TestRegistry.digest(LARGE))
        .containsEntry("etag", "\"" + TestRegistry.digest(LARGE) + "\"")
        .containsEntry("accept-ranges", "bytes")
        .doesNotContainKey("x-dragonfly-task-download-finished");
    assertThat(first.header("x-dragonfly-task-id")).matches("[0-9a-f]{64}");
    assertThat(first.header("x-damselfly-sources")).matches("origin=[0-9]+, peers=0, cache=0");
    assertThat(second.body()).isEqualTo(LARGE);
    assertThat(second.headers())
        .containsEntry("x-dragonfly-task-download-finished", "true")
        .containsEntry("x-damselfly-sources", "origin=0, peers=0, cache=" + LARGE.length);
    assertThat(bodyBytes(lab.hub, path)).isEqualTo(fetched);
    assertThat(fetched).isBetween((long) LARGE.length, LARGE.length + 16L);
  }

  @Test
  void blob_canBeExplainedByItsName() throws IOException {
    String path = lab.hub.blob("lib/app", SMALL);

    String task = lab.get(path).header("x-dragonfly-task-id");

    var reply = lab.explain().of("hub.test/blob:lib/app@" + TestRegistry.digest(SMALL));
    assertThat(reply.getTaskId()).isEqualTo(task);
    assertThat(reply.getVerifiedAgainstList()).first().asString().contains(TestRegistry.digest(SMALL));
    assertThat(lab.audit.of(AuditAction.EXPORT)).singleElement().satisfies(event -> {
      assertThat(event.object()).isEqualTo("task:" + task);
      assertThat(event.source()).startsWith("127.0.0.1:");
      assertThat(event.detail()).containsEntry("bytes", "20");
    });
  }

  @Test
  void emptyBlob_isServed() throws IOException {
    String path = lab.hub.blob("lib/app", new byte[0]);

    assertThat(lab.get(path).headers()).containsEntry("content-length", "0");
    assertThat(lab.get(path, "Range: bytes=0-").status()).isEqualTo(416);
  }

  @Test
  void head_tellsTheLengthAndFetchesNothing() throws IOException {
    String path = lab.hub.blob("lib/app", LARGE);

    var answer = lab.ask("HEAD", path, "Range: bytes=0-1");

    assertThat(answer.status()).isEqualTo(200);
    assertThat(answer.headers())
        .containsEntry("content-length", "" + LARGE.length)
        .containsEntry("docker-content-digest", TestRegistry.digest(LARGE));
    assertThat(bodyBytes(lab.hub, path)).isLessThan(16);
  }

  @ParameterizedTest
  @CsvSource({
    "bytes=0-0, 206, 0, 1", "bytes=5-9, 206, 5, 5", "bytes=5-, 206, 5, 15", "bytes=-3, 206, 17, 3", "bytes=0-99, 206, 0, 20",
    "bytes=-99, 206, 0, 20", "bytes=19-19, 206, 19, 1", "'bytes=2-3,7-8', 206, 2, 2", "bytes=20-, 416, 0, 0", "bytes=-0, 416, 0, 0",
    "bytes=9-5, 200, 0, 20", "bytes=x, 200, 0, 20", "items=0-1, 200, 0, 20",
  })
  void range_isAnsweredAsTheStandardSays(String range, int status, int start, int length) throws IOException {
    String path = lab.hub.blob("lib/app", SMALL);

    for (int attempt = 0; attempt < 2; attempt++) {
      var answer = lab.get(path, "Range: " + range);

      assertThat(answer.status()).isEqualTo(status);
      assertThat(answer.body()).isEqualTo(status == 416 ? new byte[0] : Arrays.copyOfRange(SMALL, start, start + length));
      assertThat(answer.header("content-range"))
          .isEqualTo(
              switch (status) {
                case 206 -> "bytes " + start + "-" + (start + length - 1) + "/20";
                case 416 -> "bytes */20";
                default -> "";
              });
    }
  }

  @Test
  void range_overPieces_fetchesOnlyThose() throws IOException {
    String path = lab.hub.blob("lib/app", LARGE);

    var answer = lab.get(path, "Range: bytes=" + (PIECE - 5) + "-" + (PIECE + 4));

    assertThat(answer.status()).isEqualTo(206);
    assertThat(answer.body()).isEqualTo(Arrays.copyOfRange(LARGE, PIECE - 5, PIECE + 5));
    assertThat(bodyBytes(lab.hub, path)).isLessThan(2L * PIECE + 16);
  }

  @Test
  void resumedBlob_isTheSame() throws IOException {
    String path = lab.hub.blob("lib/app", LARGE);

    var answer = lab.get(path + "?ns=hub.test", "Range: bytes=" + (LARGE.length - 3) + "-");

    assertThat(answer.body()).isEqualTo(Arrays.copyOfRange(LARGE, LARGE.length - 3, LARGE.length));
  }

  @Test
  void ifRange_letsAPartThroughOnlyForTheSameTag() throws IOException {
    String path = lab.hub.blob("lib/app", SMALL);
    String tag = "\"" + TestRegistry.digest(SMALL) + "\"";

    assertThat(lab.get(path, "Range: bytes=0-1", "If-Range: " + tag).status()).isEqualTo(206);
    for (String another : new String[] {"\"x\"", "W/" + tag, "Thu, 26 Nov 2026 00:00:00 GMT"}) {
      assertThat(lab.get(path, "Range: bytes=0-1", "If-Range: " + another).body()).as(another).isEqualTo(SMALL);
    }
  }

  @Test
  void ifNoneMatch_sparesTheBody() throws IOException {
    String path = lab.hub.blob("lib/app", SMALL);
    String tag = "\"" + TestRegistry.digest(SMALL) + "\"";

    for (String value : new String[] {tag, "W/" + tag, "\"x\", " + tag, "*"}) {
      var answer = lab.get(path, "If-None-Match: " + value);
      assertThat(answer.status()).as(value).isEqualTo(304);
      assertThat(answer.headers()).containsEntry("etag", tag).doesNotContainKey("content-length");
    }
    assertThat(lab.get(path, "If-None-Match: \"x\"").status()).isEqualTo(200);
  }

  @Test
  void manifest_isAskedEachTimeAndVerified() throws IOException {
    byte[] content = "{\"schemaVersion\":2}".getBytes(US_ASCII);
    String byDigest = lab.hub.manifest("lib/app", "v1", content);

    for (String path : new String[] {byDigest, "/v2/lib/app/manifests/v1"}) {
      var got = lab.get(path, "Accept: application/vnd.oci.image.manifest.v1+json", "Accept: */*");
      var head = lab.ask("HEAD", path);

      assertThat(got.body()).isEqualTo(content);
      for (var answer : new RawHttp.Answer[] {got, head}) {
        assertThat(answer.status()).isEqualTo(200);
        assertThat(answer.headers())
            .containsEntry("content-type", "application/vnd.oci.image.manifest.v1+json")
            .containsEntry("content-length", "" + content.length)
            .containsEntry("docker-content-digest", TestRegistry.digest(content));
      }
      assertThat(lab.hub.requests(path)).hasSize(2);
      assertThat(lab.hub.requests(path).getFirst().headers())
          .containsEntry("accept", "application/vnd.oci.image.manifest.v1+json, */*")
          .containsEntry("accept-encoding", "identity");
      assertThat(lab.get(path, "If-None-Match: \"" + TestRegistry.digest(content) + "\"").status()).isEqualTo(304);
    }
    assertThat(lab.get("/v2/").status()).isEqualTo(200);
    assertThat(lab.get("/v2/lib/app/manifests/none").status()).isEqualTo(404);
  }

  @Test
  void manifestThatIsNotWhatItsNameSays_isNotPassedOn() throws IOException {
    String path = lab.hub.manifest("lib/app", "v1", "{}".getBytes(US_ASCII));
    lab.hub.put(path, "{ }".getBytes(US_ASCII));

    assertThat(lab.get(path).status()).isEqualTo(502);
    assertThat(lab.ask("HEAD", path).status()).isEqualTo(502);
    assertThat(lab.audit.of(AuditAction.DIGEST_MISMATCH)).hasSize(2);
  }

  @Test
  void manifestBeyondItsBound_isRefused() throws IOException {
    lab.hub.put("/v2/lib/app/manifests/v1", new byte[(4 << 20) + 1]);

    var answer = lab.get("/v2/lib/app/manifests/v1");

    assertThat(answer.status()).isEqualTo(502);
    assertThat(answer.text()).contains("more than 4194304 bytes");
  }

  @Test
  void blobWithAnotherDigest_neverArrivesComplete() throws IOException {
    String small = lab.hub.put("/v2/lib/app/blobs/" + TestRegistry.digest(SMALL), "0123456789abcdefghiX".getBytes(US_ASCII));
    byte[] wrong = LARGE.clone();
    wrong[0] ^= 1;
    String large = lab.hub.put("/v2/lib/app/blobs/" + TestRegistry.digest(LARGE), wrong);

    var refused = lab.get(small);
    var cut = lab.get(large);

    assertThat(refused.status()).isEqualTo(502);
    assertThat(refused.text()).contains("does not have the digest").doesNotContain("ghiX");
    assertThat(cut.whole()).isFalse();
    assertThat(cut.body().length).isLessThanOrEqualTo(2 * PIECE);
  }

  @Test
  void keepAlive_andPipelining_answerInOrder() throws IOException {
    String first = lab.hub.blob("lib/app", LARGE);
    String second = lab.hub.blob("lib/app", SMALL);
    var client = lab.connect();

    client.send(
        lab.request("GET", first)
            + lab.request("HEAD", second)
            + lab.request("GET", second, "Range: bytes=1-2")
            + lab.request("GET", "/v2/nothing/manifests/v1")
            + lab.request("GET", second, "Connection: close"));

    assertThat(client.read().body()).isEqualTo(LARGE);
    assertThat(client.read(true).headers()).containsEntry("content-length", "20");
    assertThat(client.read().text()).isEqualTo("12");
    assertThat(client.read().status()).isEqualTo(404);
    var last = client.read();
    assertThat(last.body()).isEqualTo(SMALL);
    assertThat(last.headers()).containsEntry("connection", "close");
    assertThat(client.isEnded()).isTrue();
  }

  @Test
  void requestInSmallParts_isUnderstood() throws IOException {
    String path = lab.hub.blob("lib/app", SMALL);
    var client = lab.connect();

    for (char c : lab.request("GET", path).replace("~", "\r\n").toCharArray()) {
      client.send(String.valueOf(c));
    }

    assertThat(client.read().body()).isEqualTo(SMALL);
  }

  @Test
  void callerThatGoesAway_endsTheDownload() throws Exception {
    String path = lab.hub.blob("lib/app", LARGE);
    var hungUp = new CountDownLatch(1);
    lab.hub.instead(
        exchange -> {
          String range = exchange.header("range");
          if (range.equals("bytes=0-0")) {
            lab.hub.serve(exchange, path);
            return;
          }
          try {
            int first = Integer.parseInt(range.substring("bytes=".length(), range.indexOf('-')));
            int last = Integer.parseInt(range.substring(range.indexOf('-') + 1));
            exchange.head(
                206,
                "Content-Length: " + (last - first + 1),
                "ETag: \"" + TestRegistry.digest(LARGE) + "\"",
                "Content-Range: bytes " + first + "-" + last + "/" + LARGE.length);
            for (int at = first; at <= Math.min(last, PIECE - 1); at += 1 << 16) {
              exchange.body(LARGE, at, 1 << 16);
            }
            while (true) { // then byte after byte, until nobody listens
              exchange.body(LARGE, 0, 1);
              if (hungUp.await(20, TimeUnit.MILLISECONDS)) {
                return;
              }
            }
          } catch (IOException e) {
            hungUp.countDown();
            throw e;
          }
        });
    var client = lab.connect();
    client.send(lab.request("GET", path));
    assertThat(client.readStatus()).isEqualTo(200);
    assertThat(client.readBytes(PIECE)).isEqualTo(Arrays.copyOf(LARGE, PIECE));

    client.close();

    assertThat(hungUp.await(30, TimeUnit.SECONDS)).isTrue();
  }

  @Test
  void registryThatGoesAway_cutsTheAnswer() throws IOException {
    String path = lab.hub.blob("lib/app", LARGE);
    lab.hub.instead(
        exchange -> {
          String range = exchange.header("range");
          int first = Integer.parseInt(range.substring("bytes=".length(), range.indexOf('-')));
          if (first < PIECE && (range.equals("bytes=0-0") || range.endsWith("-" + (PIECE - 1)))) {
            lab.hub.serve(exchange, path);
          } else {
            exchange.head(
                206,
                "Content-Length: " + (LARGE.length - first),
                "ETag: \"" + TestRegistry.digest(LARGE) + "\"",
                "Content-Range: bytes " + first + "-" + (LARGE.length - 1) + "/" + LARGE.length);
            if (first == 0) {
              exchange.body(LARGE, 0, PIECE);
            }
            exchange.hangUp();
          }
        });

    var client = lab.connect();
    client.send(lab.request("GET", path));
    var answer = client.read();

    assertThat(answer.status() == 200 ? answer.whole() : answer.status() < 500).isFalse();
    assertThat(client.isEnded() || answer.status() >= 500).isTrue();
  }

  @Test
  void registryThatIsDown_isABadGateway() throws IOException {
    lab.hub.close();

    assertThat(lab.get("/v2/").status()).isEqualTo(502);
    assertThat(lab.get("/v2/a/blobs/" + TestRegistry.digest(SMALL)).header("x-dragonfly-error-type")).isEqualTo("backend");
  }

  @Test
  @Threat("S-PXY-3")
  void headersOfTheRegistry_arePassedOnByNameOnly() throws IOException {
    String blob = lab.hub.blob("lib/app", SMALL);
    String manifest = lab.hub.manifest("lib/app", "v1", "{}".getBytes(US_ASCII));

    for (String path : new String[] {blob, manifest, "/v2/", "/v2/lib/app/tags/list"}) {
      for (String method : new String[] {"GET", "HEAD"}) {
        var answer = lab.ask(method, path);
        assertThat(answer.headers().toString()).as(path).doesNotContain(TestRegistry.CANARY);
        assertThat(answer.headers()).doesNotContainKeys("set-cookie", "x-internal", "server", "via", "location");
      }
    }
  }

  @Test
  void errorsOfTheRegistry_keepTheirStatus() throws IOException {
    for (int status : new int[] {401, 403, 404, 429}) {
      lab.hub.instead(exchange -> exchange.head(status, "Content-Length: 0", "Retry-After: 3600", "WWW-Authenticate: Basic realm=\"r\""));
      for (String path : new String[] {"/v2/lib/app/manifests/v1", "/v2/lib/app/blobs/" + TestRegistry.digest(SMALL)}) {
        var answer = lab.get(path);
        assertThat(answer.status()).as(path).isEqualTo(status);
        assertThat(answer.text()).contains("\"errors\":[{\"code\":");
        assertThat(answer.header("www-authenticate")).isEqualTo(status == 401 ? "Basic realm=\"r\"" : "");
      }
    }
    lab.hub.instead(exchange -> exchange.head(500, "Content-Length: 0"));
    assertThat(lab.get("/v2/lib/app/manifests/v1").status()).isEqualTo(502);
  }
}
