package dev.damselfly.peer.proxy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.damselfly.api.assurance.Threat;
import io.netty.buffer.Unpooled;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@NullMarked
class HeadParserTest {
  private static final HeadLimits LIMITS = new HeadLimits(4096, 10, 512, 256);

  private static byte[] bytes(String text) {
    return text.replace("~", "\r\n").getBytes(StandardCharsets.ISO_8859_1);
  }

  private static RequestHead parse(String text) {
    return HeadParser.parse(bytes(text), LIMITS);
  }

  private static int status(String text) {
    try {
      parse(text);
      return 200;
    } catch (Refusal refusal) {
      return refusal.status();
    }
  }

  @Test
  void head_isReadAsItStands() {
    var head = parse("GET /v2/a/b?ns=r%3A1 HTTP/1.1~Host: 127.0.0.1:5~ACCEPT: x,  y\t~accept: z~X-Empty:~~");

    assertThat(head.method()).isEqualTo("GET");
    assertThat(head.authority()).isEqualTo("127.0.0.1:5");
    assertThat(head.path()).isEqualTo("/v2/a/b");
    assertThat(head.query()).isEqualTo("ns=r%3A1");
    assertThat(head.headers()).containsEntry("accept", "x,  y, z").containsEntry("x-empty", "").containsOnlyKeys("host", "accept", "x-empty");
    assertThat(head.keepAlive()).isTrue();
    assertThat(head.absolute()).isFalse();
  }

  @Test
  void absoluteForm_mustNameTheHost() {
    assertThat(parse("GET http://a.test:1/v2/ HTTP/1.1~Host: a.test:1~~").path()).isEqualTo("/v2/");
    assertThat(status("GET http://b.test:1/v2/ HTTP/1.1~Host: a.test:1~~")).isEqualTo(400);
    assertThat(status("GET https://a.test:1/v2/ HTTP/1.1~Host: a.test:1~~")).isEqualTo(400);
    assertThat(status("GET http://a.test:1 HTTP/1.1~Host: a.test:1~~")).isEqualTo(400);
    assertThat(status("GET http://u@a.test:1/ HTTP/1.1~Host: a.test:1~~")).isEqualTo(400);
    assertThat(status("CONNECT a.test:1 HTTP/1.1~Host: a.test:1~~")).isEqualTo(405);
  }

  @ParameterizedTest
  @Threat("S-PXY-2")
  @ValueSource(
      strings = {
        "GET /v2/ HTTP/1.1~~",
        "GET /v2/ HTTP/1.1~Host: a~Host: a~~",
        "GET /v2/ HTTP/1.1~Host: a b~~",
        "GET /v2/ HTTP/1.1~Host:~~",
        "GET /v2/ HTTP/1.1~Host: a~Content-Length: 5~~",
        "GET /v2/ HTTP/1.1~Host: a~Content-Length: 0, 0~~",
        "GET /v2/ HTTP/1.1~Host: a~Content-Length: 0~Content-Length: 0~~",
        "GET /v2/ HTTP/1.1~Host: a~Content-Length: +0~~",
        "GET /v2/ HTTP/1.1~Host: a~Transfer-Encoding: chunked~~",
        "GET /v2/ HTTP/1.1~Host: a~Content-Length: 0~Transfer-Encoding: chunked~~",
        "GET /v2/ HTTP/1.1~Host: a~Transfer-Encoding: xchunked~~",
        "GET /v2/ HTTP/1.1~Host: a~X: 1~ folded~~",
        "GET /v2/ HTTP/1.1~Host: a~X: 1~\tfolded~~",
        "GET /v2/ HTTP/1.1~ Host: a~~",
        "GET /v2/ HTTP/1.1~Host : a~~",
        "GET /v2/ HTTP/1.1~Host\t: a~~",
        "GET /v2/ HTTP/1.1~Host: a~: x~~",
        "GET /v2/ HTTP/1.1~Host: a~nocolon~~",
        "GET /v2/ HTTP/1.1~Host: a~X: \u0000~~",
        "GET /v2/ HTTP/1.1~Host: a~X: \u00e9~~",
        "GET /v2/ HTTP/1.1~Host: a~X: 1\rY: 2~~",
        "GET /v2/ HTTP/1.1~Host: a~X: 1\nY: 2~~",
        "GET /v2/ HTTP/1.1\nHost: a\n\n",
        "GET /v2/ HTTP/1.1~Host: a~Authorization: x~Authorization: y~~",
        "GET /v2/ HTTP/1.1~Host: a~Connection: authorization~~",
        "GET /v2/ HTTP/1.1~Host: a~~GET / HTTP/1.1~Host: b~~",
        "GET  /v2/ HTTP/1.1~Host: a~~",
        "GET /v2/  HTTP/1.1~Host: a~~",
        "GET /v2/\tHTTP/1.1~Host: a~~",
        " GET /v2/ HTTP/1.1~Host: a~~",
        "~GET /v2/ HTTP/1.1~Host: a~~",
        "GET /v2/ HTTP/11~Host: a~~",
        "GET /v2/ http/1.1~Host: a~~",
        "GET /v2/#x HTTP/1.1~Host: a~~",
        "GET /v2/\\ HTTP/1.1~Host: a~~",
        "GET v2/ HTTP/1.1~Host: a~~",
        "GET //a/v2/ HTTP/1.1~Host: a~~",
        "OPTIONS * HTTP/1.1~Host: a~~",
        "G(T /v2/ HTTP/1.1~Host: a~~",
        "GET /v2/~Host: a~~",
      })
  void whatCanBeReadInTwoWays_isRefused(String text) {
    assertThat(status(text)).isEqualTo(400);
  }

  @Test
  void otherVersions_areNotSpoken() {
    assertThat(status("GET / HTTP/1.0~Host: a~~")).isEqualTo(505);
    assertThat(status("GET / HTTP/2.0~Host: a~~")).isEqualTo(505);
  }

  @Test
  void expectations_areNotTaken() {
    assertThat(status("GET / HTTP/1.1~Host: a~Expect: 100-continue~~")).isEqualTo(417);
  }

  @Test
  void bounds_areExact() {
    String start = "GET / HTTP/1.1~Host: a~";
    assertThat(status(start + "X: 1~".repeat(9) + "~")).isEqualTo(200);
    assertThat(status(start + "X: 1~".repeat(10) + "~")).isEqualTo(431);
    assertThat(status(start + "X: " + "a".repeat(509) + "~~")).isEqualTo(200);
    assertThat(status(start + "X: " + "a".repeat(510) + "~~")).isEqualTo(431);
    assertThat(status("GET /" + "a".repeat(255) + " HTTP/1.1~Host: a~~")).isEqualTo(200);
    assertThat(status("GET /" + "a".repeat(256) + " HTTP/1.1~Host: a~~")).isEqualTo(414);
    assertThat(status(start + "X: 1~".repeat(1000) + "~")).isEqualTo(431);
  }

  @Test
  @Threat("S-PXY-10")
  void refusals_nameTheRuleAndNeverTheValue() {
    assertThatThrownBy(() -> parse("GET / HTTP/1.1~Host: a~Authorization: CANARY~Authorization: CANARY~~"))
        .isInstanceOfSatisfying(Refusal.class, refusal -> assertThat(refusal.safeText()).contains("authorization").doesNotContain("CANARY"));
    assertThat(parse("GET /CANARY HTTP/1.1~Host: a~Authorization: CANARY~~").toString()).doesNotContain("CANARY");
  }

  @Test
  void end_isTheEmptyLine_orTheFirstBrokenLine() {
    for (String whole : new String[] {"GET / HTTP/1.1~Host: a~~", "~", "GET /\n", "a~~"}) {
      byte[] bytes = bytes(whole);
      for (int cut = 0; cut < bytes.length; cut++) {
        assertThat(HeadParser.end(Unpooled.wrappedBuffer(bytes, 0, cut), 0)).as(whole).isZero();
      }
      assertThat(HeadParser.end(Unpooled.wrappedBuffer(bytes, bytes("next~~")), 0)).as(whole).isEqualTo(bytes.length);
      assertThat(HeadParser.end(Unpooled.wrappedBuffer(bytes), bytes.length - 1)).as(whole).isEqualTo(bytes.length);
    }
  }
}
