package dev.damselfly.peer.proxy;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;

import dev.damselfly.api.assurance.Threat;
import dev.damselfly.peer.origin.ScriptedOrigin;
import java.io.IOException;
import java.nio.file.Path;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// Tokens of a registry, for callers that have no way off this host.
@NullMarked
@Timeout(60)
class ProxyTokenTest {
  private static final String PATH = "/v2/lib/app/token/pull?ns=hub.test";
  private static final String SECRET = "YWxpY2U6c2VjcmV0LW9mLWFsaWNl";
  private static final String ALICE = "Authorization: Basic " + SECRET;
  private static final String DOCUMENT = "{\"token\":\"T1\"}";

  private final ProxyLab lab;
  private String realm;
  private ScriptedOrigin.Script service = exchange -> send(exchange, 200, DOCUMENT);

  ProxyTokenTest(@TempDir Path directory) throws IOException {
    lab = new ProxyLab(directory);
    realm = lab.hub.url() + "/token";
  }

  @BeforeEach
  void start() {
    lab.hub.instead(
        exchange -> {
          if (exchange.target().equals("/v2/")) {
            exchange.head(401, "WWW-Authenticate: Bearer realm=\"" + realm + "\",service=\"a b&c\",scope=\"registry:catalog:*\"", "Content-Length: 0");
          } else {
            service.answer(exchange);
          }
        });
  }

  @AfterEach
  void close() throws IOException {
    lab.close();
  }

  private static void send(ScriptedOrigin.Exchange exchange, int status, String text, String... headers) throws IOException {
    var lines = new java.util.ArrayList<>(java.util.List.of(headers));
    lines.add("Content-Length: " + text.length());
    exchange.head(status, lines.toArray(String[]::new)).body(text.getBytes(US_ASCII));
  }

  @Test
  @Threat({"S-PXY-4", "S-PXY-10"})
  void credentials_goOnce_toThePlaceThatTheRegistryNames() throws IOException {
    var answer = lab.get(PATH, ALICE);
    var anonymous = lab.get(PATH);

    assertThat(answer.status()).isEqualTo(200);
    assertThat(answer.text()).isEqualTo(DOCUMENT);
    assertThat(answer.headers()).containsEntry("content-type", "application/json").containsEntry("cache-control", "no-store");
    assertThat(anonymous.text()).isEqualTo(DOCUMENT);
    var asked = lab.hub.requests("/token?service=a+b%26c&scope=repository%3Alib%2Fapp%3Apull");
    assertThat(asked).hasSize(2);
    assertThat(asked.getFirst().headers()).containsEntry("authorization", "Basic " + SECRET);
    assertThat(asked.getLast().headers()).doesNotContainKey("authorization");
    assertThat(lab.hub.requests("/v2/")).hasSize(2).allSatisfy(one -> assertThat(one.headers()).doesNotContainKey("authorization"));
    assertThat(lab.audit.events().toString()).contains("hub.test/token:lib/app").doesNotContain(SECRET, "T1");
  }

  @Test
  @Threat({"S-PXY-4", "S-PXY-5"})
  void strangePlace_getsNothing() throws IOException {
    for (String place : new String[] {lab.other.url() + "/token", "http://evil.test/token", lab.hub.url() + "@evil.test/", lab.hub.url() + "/token#x"}) {
      realm = place;

      var answer = lab.get(PATH, ALICE);

      assertThat(answer.status()).as(place).isEqualTo(502);
      assertThat(answer.text()).contains("proxy.upstreams.realms").doesNotContain("evil");
    }
    assertThat(lab.other.requests()).isEmpty();
    assertThat(lab.hub.requests()).noneMatch(one -> one.headers().containsKey("authorization"));
  }

  @Test
  @Threat("S-PXY-4")
  void redirectOfTheTokenService_isNotFollowed() throws IOException {
    service = exchange -> send(exchange, 307, "", "Location: " + lab.other.url() + "/token");

    assertThat(lab.get(PATH, ALICE).status()).isEqualTo(502);
    assertThat(lab.other.requests()).isEmpty();
  }

  @ParameterizedTest
  @CsvSource({"401, 401", "403, 403", "404, 404", "429, 429", "400, 502", "500, 502", "206, 502"})
  void refusalOfTheTokenService_isTold(int said, int told) throws IOException {
    service = exchange -> send(exchange, said, "secret words");

    var answer = lab.get(PATH, ALICE);

    assertThat(answer.status()).isEqualTo(told);
    assertThat(answer.text()).contains("token service").doesNotContain("secret words");
  }

  @Test
  void whatIsNoQuestionForAToken_isRefused() throws IOException {
    assertThat(lab.get(PATH, "Authorization: Bearer T1").status()).isEqualTo(400);
    assertThat(lab.ask("HEAD", PATH, ALICE).status()).isEqualTo(405);
    assertThat(lab.get("/v2/lib/app/token/push", ALICE).status()).isEqualTo(404);
    assertThat(lab.get("/v2/token/pull", ALICE).status()).isEqualTo(404);
    assertThat(lab.hub.requests()).isEmpty();
    service = exchange -> send(exchange, 200, "x".repeat((64 << 10) + 1));
    assertThat(lab.get(PATH, ALICE).status()).isEqualTo(502);
    lab.hub.instead(exchange -> exchange.head(401, "WWW-Authenticate: Basic realm=\"x\"", "Content-Length: 0"));
    assertThat(lab.get(PATH, ALICE).status()).isEqualTo(404);
  }
}
