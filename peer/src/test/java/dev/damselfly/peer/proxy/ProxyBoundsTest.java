package dev.damselfly.peer.proxy;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;

import dev.damselfly.api.assurance.Threat;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// The bounds of the mirror (B-25), each from both sides.
@NullMarked
@Threat("B-25")
@Timeout(120)
class ProxyBoundsTest {
  private static final byte[] SMALL = "0123456789".getBytes(US_ASCII);

  private final Path directory;

  ProxyBoundsTest(@TempDir Path directory) {
    this.directory = directory;
  }

  private ProxyLab lab(String key, long value) throws IOException {
    return new ProxyLab(directory, Map.of(key, value));
  }

  @Test
  void headWithoutEnd_isRefusedAtItsBound() throws IOException {
    try (var lab = lab("proxy-head", 1000)) {
      String start = "GET /v2/ HTTP/1.1~Host: 127.0.0.1:" + lab.port() + "~";
      int rest = 1000 - start.replace("~", "\r\n").length() - "X: ~~".replace("~", "\r\n").length();
      try (var fits = new RawHttp(lab.port());
          var over = new RawHttp(lab.port());
          var endless = new RawHttp(lab.port())) {
        assertThat(fits.send(start + "X: " + "a".repeat(rest) + "~~").read().status()).isEqualTo(200);
        assertThat(over.send(start + "X: " + "a".repeat(rest + 1) + "~~").read().status()).isEqualTo(431);
        assertThat(endless.send(start + "X: " + "a".repeat(1000)).read().status()).isEqualTo(431);
        assertThat(endless.isEnded()).isTrue();
      }
    }
  }

  @Test
  void headersAndTargets_haveTheirBounds() throws IOException {
    try (var lab = lab("proxy-headers", 3)) {
      assertThat(lab.get("/v2/", "A: 1", "B: 2").status()).isEqualTo(200);
      assertThat(lab.get("/v2/", "A: 1", "B: 2", "C: 3").status()).isEqualTo(431);
      assertThat(lab.get("/v2/" + "a".repeat(8192)).status()).isEqualTo(414);
    }
  }

  @Test
  void slowHead_losesTheConnection() throws IOException {
    try (var lab = lab("proxy-head-time", 200);
        var silent = new RawHttp(lab.port());
        var slow = new RawHttp(lab.port())) {
      slow.send("GET /v2/ HTTP/1.1~Host:");

      assertThat(silent.isEnded()).isTrue();
      assertThat(slow.isEnded()).isTrue();
    }
  }

  @Test
  void idleConnection_isClosed() throws IOException {
    try (var lab = lab("proxy-idle", 200);
        var client = new RawHttp(lab.port())) {
      client.send(lab.request("GET", "/v2/"));
      assertThat(client.read().status()).isEqualTo(200);

      assertThat(client.isEnded()).isTrue();
    }
  }

  @Test
  void connections_areBounded() throws IOException {
    try (var lab = lab("proxy-connections", 2);
        var first = new RawHttp(lab.port());
        var second = new RawHttp(lab.port())) {
      assertThat(first.send(lab.request("GET", "/v2/")).read().status()).isEqualTo(200);
      assertThat(second.send(lab.request("GET", "/v2/")).read().status()).isEqualTo(200);
      try (var third = new RawHttp(lab.port())) {
        assertThat(third.isRefused(lab.request("GET", "/v2/"))).isTrue(); // a silent one is closed after a while anyway
      }
      assertThat(second.send(lab.request("GET", "/v2/")).read().status()).isEqualTo(200);
    }
  }

  @Test
  void requestsAtWork_areBounded() throws Exception {
    var entered = new CountDownLatch(1);
    var go = new CountDownLatch(1);
    try (var lab = lab("proxy-requests", 1);
        var first = new RawHttp(lab.port())) {
      lab.hub.instead(
          exchange -> {
            entered.countDown();
            go.await();
            exchange.head(200, "Content-Length: 0");
          });
      first.send(lab.request("GET", "/v2/"));
      entered.await();

      var second = lab.get("/v2/");
      go.countDown();

      assertThat(second.status()).isEqualTo(503);
      assertThat(second.headers()).containsEntry("retry-after", "1");
      assertThat(first.read().status()).isEqualTo(200);
      assertThat(first.send(lab.request("GET", "/v2/")).read().status()).isEqualTo(200);
    }
  }

  @Test
  void callerThatTakesNothing_losesTheConnection() throws IOException {
    byte[] large = new byte[32 << 20];
    try (var lab = new ProxyLab(directory, Map.of("proxy-stall", 300L, "proxy-requests", 1L))) {
      String path = lab.hub.blob("lib/app", large);
      while (lab.get(path).body().length < large.length) {
        Thread.onSpinWait(); // this reader may stall, too, on a busy machine: the blob has to be here, however often it asks
      }
      try (var client = new RawHttp(lab.port())) {
        client.send(lab.request("GET", path));
        assertThat(client.readStatus()).isEqualTo(200);
        while (lab.get("/v2/").status() == 503) {
          Thread.onSpinWait(); // its request is at work until the mirror gives it up
        }

        assertThat(client.takeRest()).isLessThan(large.length);
      }
    }
  }

  @Test
  void pipelinedRequests_waitOutsideOfMemory() throws IOException {
    try (var lab = lab("proxy-head", 1000);
        var client = new RawHttp(lab.port())) {
      String path = lab.hub.blob("lib/app", SMALL);
      int count = 200;

      client.send(lab.request("GET", path).repeat(count));

      for (int i = 0; i < count; i++) {
        assertThat(client.read().body()).isEqualTo(SMALL);
      }
    }
  }
}
