package dev.damselfly.peer.proxy;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;

import dev.damselfly.api.assurance.Threat;
import dev.damselfly.authz.audit.AuditAction;
import dev.damselfly.authz.audit.AuditEvent;
import dev.damselfly.peer.origin.ScriptedOrigin;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// What callers of the mirror do not get, and what never leaves it.
@NullMarked
@Timeout(120)
class ProxyRefusalTest {
  private static final String ALICE = "Basic YWxpY2U6c2VjcmV0LW9mLWFsaWNl";
  private static final String BOB = "Basic Ym9iOnNlY3JldC1vZi1ib2I=";
  private static final byte[] SECRET = "content that only alice may read".getBytes(US_ASCII);
  private static final byte[] OPEN = "content for everybody".getBytes(US_ASCII);

  private final Path directory;
  private final ProxyLab lab;

  ProxyRefusalTest(@TempDir Path directory) throws IOException {
    this.directory = directory;
    this.lab = new ProxyLab(directory.resolve("store"));
  }

  @AfterEach
  void close() throws IOException {
    lab.close();
  }

  private String protectedBlob() {
    String path = lab.hub.blob("lib/app", SECRET);
    lab.hub.protect("lib/app", ALICE);
    return path;
  }

  @Test
  @Threat({"S-PXY-11", "F-01"})
  void cachedContent_isForThoseWhomTheRegistryLets() throws IOException {
    String path = protectedBlob();
    lab.hub.blob("bob/app", OPEN);
    lab.hub.protect("bob/app", BOB);
    String sameDigestElsewhere = "/v2/bob/app/blobs/" + TestRegistry.digest(SECRET);
    String tag = "\"" + TestRegistry.digest(SECRET) + "\"";
    assertThat(lab.get(path, "Authorization: " + ALICE).body()).isEqualTo(SECRET);

    for (String[] who : new String[][] {{}, {"Authorization: " + BOB}, {"Authorization: Basic x"}, {"Authorization:"}}) {
      for (String[] how : new String[][] {{}, {"Range: bytes=0-3"}, {"Range: bytes=-1"}, {"If-None-Match: " + tag}, {"If-None-Match: *"}}) {
        for (String method : new String[] {"GET", "HEAD"}) {
          for (String target : new String[] {path, path + "?ns=hub.test", sameDigestElsewhere}) {
            assertNothing(method, target, who, how);
          }
        }
      }
    }
    assertThat(lab.get(path, "Authorization: " + ALICE).body()).isEqualTo(SECRET);
  }

  private void assertNothing(String method, String target, String[] who, String[] how) throws IOException {
    var headers = new ArrayList<>(List.of(who));
    headers.addAll(List.of(how));
    int before = lab.hub.requests().size();

    var answer = lab.ask(method, target, headers.toArray(String[]::new));

    assertThat(answer.status()).as(method + " " + headers).isIn(401, 403, 404);
    assertThat(answer.text()).doesNotContain(new String(SECRET, US_ASCII));
    assertThat(answer.headers()).doesNotContainKeys("docker-content-digest", "etag", "content-range", "x-dragonfly-task-id");
    assertThat(lab.hub.requests().size()).as("each refusal is the registry's own").isGreaterThan(before);
  }

  @Test
  @Threat("S-PXY-11")
  void decision_isKeptForAWhileForTheSameCredentialsAndRepository() throws IOException {
    String path = protectedBlob();
    lab.get(path, "Authorization: " + ALICE);
    int asked = lab.hub.requests().size();

    assertThat(lab.get(path, "Authorization: " + ALICE).body()).isEqualTo(SECRET);
    assertThat(lab.hub.requests()).hasSize(asked);

    lab.hub.protect("lib/app", "Basic nobody");
    lab.clock.advance(ProxyLab.DECISION_TTL);
    assertThat(lab.get(path, "Authorization: " + ALICE).status()).isEqualTo(403);
    assertThat(lab.audit.of(AuditAction.CACHE_GRANT)).hasSize(2).allSatisfy(event -> assertThat(event.actor()).isEqualTo("anonymous"));
    assertThat(lab.audit.of(AuditAction.CACHE_DENY)).hasSize(1);
  }

  @Test
  @Threat("S-PXY-11")
  void contentOfCredentials_isNotTheContentOfEverybody() throws IOException {
    String path = lab.hub.blob("lib/app", OPEN);
    assertThat(lab.get(path, "Authorization: " + ALICE).body()).isEqualTo(OPEN);

    assertThat(lab.get(path).body()).isEqualTo(OPEN);

    assertThat(lab.store.tasks()).hasSize(2);
  }

  @Test
  @Threat({"S-PXY-7", "S-PXY-4"})
  void redirect_isDecidedAnewAndGetsNoCredentials() throws IOException {
    String path = "/v2/lib/app/blobs/" + TestRegistry.digest(SECRET);
    lab.hub.protect("lib/app", ALICE);
    lab.other.put("/cdn", SECRET);
    lab.hub.instead(exchange -> exchange.head(307, "Location: " + lab.other.url() + "/cdn", "Content-Length: 0"));

    assertThat(lab.get(path, "Authorization: " + ALICE).body()).isEqualTo(SECRET);

    assertThat(lab.other.requests("/cdn")).isNotEmpty().allSatisfy(seen -> assertThat(seen.headers()).doesNotContainKey("authorization"));
    assertThat(lab.get(path, "Authorization: " + BOB).status()).isEqualTo(403);
    assertThat(lab.get(path).status()).isEqualTo(401);
    lab.hub.instead(exchange -> exchange.head(307, "Location: http://elsewhere.test/x", "Content-Length: 0"));
    lab.clock.advance(ProxyLab.DECISION_TTL);
    var denied = lab.get(path, "Authorization: " + ALICE);
    assertThat(denied.status()).isEqualTo(403);
    assertThat(denied.headers()).doesNotContainKey("location");
  }

  @Test
  @Threat("S-PXY-4")
  void challenge_ofAStrangeRealm_isNotPassedOn() throws IOException {
    String path = protectedBlob();
    lab.hub.challenge("Bearer realm=\"http://evil.test/token\",service=\"r\"");

    for (String target : new String[] {path, "/v2/lib/app/manifests/v1"}) {
      for (String method : new String[] {"GET", "HEAD"}) {
        var answer = lab.ask(method, target);
        assertThat(answer.status()).isEqualTo(502);
        assertThat(answer.headers().toString() + answer.text()).doesNotContain("evil.test").doesNotContain("www-authenticate");
      }
    }
    assertThat(lab.get(path).text()).contains("proxy.upstreams.realms");

    lab.hub.challenge("Bearer realm=\"http://token.test:5003/token\",service=\"r\",scope=\"repository:lib/app:pull\"");
    for (String target : new String[] {path, "/v2/lib/app/manifests/v1"}) {
      var answer = lab.get(target);
      assertThat(answer.status()).isEqualTo(401);
      assertThat(answer.header("www-authenticate"))
          .isEqualTo("Bearer realm=\"http://token.test:5003/token\",service=\"r\",scope=\"repository:lib/app:pull\"");
    }
  }

  @Test
  @Threat("S-PXY-5")
  void registry_isChosenAmongConfiguredOnes() throws IOException {
    String path = lab.other.blob("lib/app", OPEN);

    assertThat(lab.get(path).status()).isEqualTo(404);
    assertThat(lab.get(path + "?ns=other.test").body()).isEqualTo(OPEN);
    assertThat(lab.get(path, "X-Dragonfly-Registry: " + lab.other.url()).body()).isEqualTo(OPEN);
    try (var client = new RawHttp(lab.port())) {
      client.send("GET http://other.test" + path + " HTTP/1.1~Host: other.test~~");
      assertThat(client.read().body()).isEqualTo(OPEN);
    }
    int before = lab.hub.requests().size() + lab.other.requests().size();
    for (String ns : new String[] {"evil.test", "127.0.0.1%3A" + lab.other.port(), "other.test.", "OTHER.test", "hub.test&ns=other.test"}) {
      assertThat(lab.get(path + "?ns=" + ns).status()).as(ns).isIn(400, 404);
    }
    for (String url : new String[] {"http://evil.test", "https://127.0.0.1:" + lab.other.port(), lab.other.url() + "/x", "other.test"}) {
      assertThat(lab.get(path, "X-Dragonfly-Registry: " + url).status()).as(url).isEqualTo(404);
    }
    assertThat(lab.get(path + "?ns=hub.test", "X-Dragonfly-Registry: " + lab.other.url()).status()).isEqualTo(400);
    assertThat(lab.hub.requests().size() + lab.other.requests().size()).isEqualTo(before);
    assertThat(lab.connected).allSatisfy(place -> assertThat(place.port()).isIn(lab.hub.port(), lab.other.port()));
  }

  @ParameterizedTest
  @Threat("F-36")
  @ValueSource(strings = {"Origin: http://evil.test", "Origin: null", "Sec-Fetch-Site: cross-site", "Sec-Fetch-Mode: no-cors", "sec-fetch-dest: image"})
  void requestOfAWebPage_reachesNobody(String header) throws IOException {
    String path = lab.hub.blob("lib/app", OPEN);

    for (String target : new String[] {path, "/v2/", "/v2/lib/app/manifests/v1"}) {
      assertThat(lab.get(target + "?ns=hub.test", header).status()).isEqualTo(403);
    }

    assertThat(lab.connected).isEmpty();
    assertThat(lab.get(path + "?ns=hub.test").body()).isEqualTo(OPEN);
  }

  @ParameterizedTest
  @Threat({"S-PXY-6", "S-PXY-1"})
  @ValueSource(
      strings = {
        "GET http://evil.test/v2/ HTTP/1.1~Host: evil.test~~",
        "GET http://127.0.0.1:PORT/v2/ HTTP/1.1~Host: 127.0.0.1:PORT~~",
        "GET http://169.254.169.254/latest HTTP/1.1~Host: 169.254.169.254~~",
        "GET http://other.test/latest HTTP/1.1~Host: other.test~~",
        "GET /v2/ HTTP/1.1~Host: evil.test~~",
        "GET /v2/ HTTP/1.1~Host: evil.test:PORT~~",
        "GET /v2/ HTTP/1.1~Host: 127.0.0.1~~",
        "GET /v2/ HTTP/1.1~Host: localhost:1~~",
        "CONNECT hub.test:443 HTTP/1.1~Host: hub.test:443~~",
        "GET /latest/meta-data/ HTTP/1.1~Host: 127.0.0.1:PORT~~",
        "POST /v2/lib/app/blobs/uploads/ HTTP/1.1~Host: 127.0.0.1:PORT~Content-Length: 0~~",
        "PUT /v2/lib/app/manifests/v1 HTTP/1.1~Host: 127.0.0.1:PORT~Content-Length: 0~~",
        "DELETE /v2/lib/app/manifests/v1 HTTP/1.1~Host: 127.0.0.1:PORT~~",
        "TRACE /v2/ HTTP/1.1~Host: 127.0.0.1:PORT~~",
      })
  void otherDestinationsAndMethods_reachNobody(String request) throws IOException {
    try (var client = new RawHttp(lab.port())) {
      client.send(request.replace("PORT", "" + lab.port()));
      assertThat(client.read().status()).isIn(404, 405, 421);
    }

    assertThat(lab.connected).isEmpty();
    assertThat(lab.audit.of(AuditAction.PROXY_REFUSE)).singleElement().satisfies(event -> assertThat(event.decision()).isEqualTo(AuditEvent.Decision.DENY));
  }

  @ParameterizedTest
  @Threat("S-PXY-2")
  @ValueSource(
      strings = {
        "Content-Length: 60~Transfer-Encoding: chunked~",
        "Content-Length: 60~",
        "Content-Length: 0~Content-Length: 60~",
        "Transfer-Encoding: chunked~",
        "Transfer-Encoding : chunked~",
        "X: y~ Transfer-Encoding: chunked~",
        "X: y\nTransfer-Encoding: chunked~",
        "X: y\rTransfer-Encoding: chunked~",
        "Host: hub.test~",
        "Connection: authorization~",
        "Expect: 100-continue~",
      })
  void requestWithTwoReadings_endsTheConnection(String headers) throws IOException {
    String inner = "GET /v2/smuggled/manifests/v1 HTTP/1.1~Host: 127.0.0.1:" + lab.port() + "~~";
    try (var client = new RawHttp(lab.port())) {
      client.send("GET /v2/ HTTP/1.1~Host: 127.0.0.1:" + lab.port() + "~" + headers + "~0~~" + inner);

      var answer = client.read();

      assertThat(answer.status()).isIn(400, 417);
      assertThat(answer.headers()).containsEntry("connection", "close");
      assertThat(client.isEnded()).isTrue();
    }
    assertThat(lab.hub.requests()).isEmpty();
  }

  @Test
  @Threat("S-PXY-2")
  void refusalOfALongBody_arrives() throws IOException {
    try (var client = new RawHttp(lab.port())) {
      client.send("PUT /v2/ HTTP/1.1~Host: 127.0.0.1:" + lab.port() + "~Content-Length: 100000~~" + "x".repeat(100_000));

      assertThat(client.read().status()).isEqualTo(400);
      assertThat(client.isEnded()).isTrue();
    }
  }

  @Test
  @Threat("S-PXY-9")
  void headersThatActOnTheHost_doNothing() throws IOException {
    String path = lab.hub.blob("lib/app", OPEN);
    String manifest = lab.hub.manifest("lib/app", "v1", "{}".getBytes(US_ASCII));
    Path wanted = directory.resolve("written");
    String[] acting = {
      "X-Dragonfly-Output-Path: " + wanted, "X-Dragonfly-Force-Hard-Link: true", "X-Dragonfly-Piece-Length: 8mib",
      "X-Dragonfly-Content-For-Calculating-Task-ID: mine", "X-Dragonfly-Tag: mine", "X-Dragonfly-Application: mine",
      "X-Dragonfly-Filtered-Query-Params: ns", "X-Dragonfly-Use-P2P: false", "X-Forwarded-For: 10.0.0.1",
      "X-Forwarded-Host: evil.test", "Forwarded: for=10.0.0.1", "Proxy-Authorization: " + ALICE, "Cookie: a=b", "Upgrade: h2c",
      "Connection: upgrade",
    };

    String plain = lab.get(path).header("x-dragonfly-task-id");
    String with = lab.get(path, acting).header("x-dragonfly-task-id");
    lab.get(manifest, acting);

    assertThat(with).isEqualTo(plain);
    assertThat(lab.store.tasks()).hasSize(1);
    assertThat(Files.exists(wanted)).isFalse();
    for (ScriptedOrigin.Seen seen : lab.hub.requests()) {
      assertThat(Set.of("host", "range", "if-range", "accept", "accept-encoding", "user-agent", "connection"))
          .containsAll(seen.headers().keySet());
    }
  }

  @Test
  @Threat({"S-PXY-10", "F-07"})
  void credentials_areInNoLogAuditRecordOrAnswer() throws IOException {
    String path = protectedBlob();
    var records = new CopyOnWriteArrayList<LogRecord>();
    var watch = watch(records);
    var root = Logger.getLogger("dev.damselfly");
    Level before = root.getLevel();
    root.setLevel(Level.ALL);
    Logger.getLogger("").addHandler(watch);
    try {
      for (String value : new String[] {ALICE, BOB, "Bearer canary.of.caller"}) {
        for (String target : new String[] {path, "/v2/lib/app/manifests/v1", "/v2/", "/nothing", path + "?token=canary", path + "?ns=canary"}) {
          var answer = lab.get(target, "Authorization: " + value, "Cookie: canary", "X-Canary: canary");
          assertThat(answer.headers() + answer.text()).doesNotContain(value.substring(7)).doesNotContain("canary");
        }
      }
      try (var client = new RawHttp(lab.port())) {
        client.send("GET /canary HTTP/1.1~Host: canary~Authorization: canary~Authorization: canary~~");
        assertThat(client.read().text()).doesNotContain("canary");
      }
    } finally {
      Logger.getLogger("").removeHandler(watch);
      root.setLevel(before);
    }

    assertThat(lab.audit.events().toString()).doesNotContain(ALICE.substring(7), BOB.substring(7), "canary");
    for (LogRecord record : records) {
      String text = record.getMessage() + List.of(record.getParameters() == null ? new Object[0] : record.getParameters()) + record.getThrown();
      assertThat(text).doesNotContain(ALICE.substring(7), BOB.substring(7), "canary");
    }
  }

  private static Handler watch(List<LogRecord> records) {
    return new Handler() {
      @Override
      public void publish(LogRecord record) {
        records.add(record);
      }

      @Override
      public void flush() {}

      @Override
      public void close() {}
    };
  }

  @Test
  void withoutAuditLog_nothingIsServed() throws IOException {
    String path = lab.hub.blob("lib/app", OPEN);
    lab.get(path);
    lab.audit.willFail(true);

    for (String target : new String[] {path, "/v2/", "/nothing"}) {
      var answer = lab.get(target);
      assertThat(answer.status()).isEqualTo(503);
      assertThat(answer.text()).contains("audit log").doesNotContain("everybody");
    }
    assertThat(lab.ask("HEAD", path).status()).isEqualTo(503);
  }
}
