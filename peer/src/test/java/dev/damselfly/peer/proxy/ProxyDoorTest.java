package dev.damselfly.peer.proxy;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;

import dev.damselfly.api.assurance.Threat;
import dev.damselfly.authz.audit.AuditAction;
import dev.damselfly.authz.audit.AuditEvent;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// Who gets in when the proxy has callers.
@NullMarked
@Timeout(120)
class ProxyDoorTest {
  private static final byte[] CONTENT = "content of a layer".getBytes(US_ASCII);
  private static final String CI = ProxyLab.as("ci", ProxyLab.CI);
  private static final String DEV = ProxyLab.as("dev", ProxyLab.DEV);
  private static final List<String> WRONG =
      List.of(
          ProxyLab.as("ci", ProxyLab.DEV), ProxyLab.as("nobody", ProxyLab.CI), ProxyLab.as("ci", ProxyLab.CI + "x"), ProxyLab.as("ci", "short"),
          "Proxy-Authorization: Bearer " + ProxyLab.CI, "Proxy-Authorization: x", "Proxy-Authorization:", "Authorization" + CI.substring("Proxy-Authorization".length()));

  private final ProxyLab lab;

  ProxyDoorTest(@TempDir Path directory) throws IOException {
    lab = ProxyLab.guarded(directory, Map.of("proxy-unknown-callers", 1000L));
  }

  @AfterEach
  void close() throws IOException {
    lab.close();
  }

  @Test
  @Threat({"S-PXY-6", "S-PXY-8", "CVE-2025-59350"})
  void stranger_isTurnedAway_whateverItWants() throws IOException {
    String path = lab.hub.blob("lib/app", CONTENT);
    lab.web.put("/f", CONTENT);

    for (String who : Stream.concat(WRONG.stream(), Stream.of("X-Nothing: x")).toList()) {
      for (String target : new String[] {path, "/v2/", "/v2/none", "/f", "/none", "/v2/?ns=none.test", "/v2/?x"}) {
        for (String method : new String[] {"GET", "HEAD", "POST"}) {
          var answer = lab.ask(method, target, who);
          assertThat(answer.status()).as(method + " " + target + " " + who).isEqualTo(407);
          assertThat(answer.headers()).containsEntry("proxy-authenticate", "Basic realm=\"damselfly\"").doesNotContainKeys("www-authenticate", "etag");
        }
      }
    }
    assertThat(lab.connected).isEmpty();
    assertThat(lab.audit.of(AuditAction.PROXY_REFUSE)).filteredOn(event -> event.detail().containsKey("refused")).hasSizeGreaterThan(50)
        .allSatisfy(event -> {
          assertThat(event.actor()).isEqualTo("anonymous");
          assertThat(event.reason()).isEqualTo("UNAUTHORIZED");
          assertThat(event.detail()).containsEntry("status", "407").containsKey("rule");
          assertThat(event.toString()).doesNotContain(ProxyLab.CI).doesNotContain(CI.substring(30));
        });
  }

  @Test
  @Threat({"S-PXY-8", "S-PXY-10", "CVE-2025-59350"})
  void caller_isNamedInEveryRecord_andItsTokenStaysHere() throws IOException {
    String blob = lab.hub.blob("lib/app", CONTENT);
    String manifest = lab.hub.manifest("lib/app", "v1", "{}".getBytes(US_ASCII));

    assertThat(lab.get(blob, CI).body()).isEqualTo(CONTENT);
    assertThat(lab.get(manifest, DEV).status()).isEqualTo(200);
    assertThat(lab.get("/v2/none/manifests/v1", DEV).status()).isEqualTo(404);

    assertThat(lab.audit.of(AuditAction.EXPORT)).extracting(AuditEvent::actor).containsExactly("proxy:ci");
    assertThat(lab.audit.of(AuditAction.PROXY_FORWARD)).extracting(AuditEvent::actor).containsExactly("proxy:dev", "proxy:dev");
    assertThat(lab.hub.requests())
        .isNotEmpty()
        .allSatisfy(seen -> assertThat(seen.headers()).doesNotContainKeys("proxy-authorization", "authorization"))
        .allSatisfy(seen -> assertThat(seen.headers().toString()).doesNotContain(CI.substring(30), DEV.substring(30)));
  }

  @Test
  @Threat("S-PXY-6")
  void entryOfTheConfiguration_isForItsCallers() throws IOException {
    String path = lab.other.blob("lib/app", CONTENT);
    lab.web.put("/f", CONTENT);

    assertThat(lab.get(path + "?ns=other.test", CI).body()).isEqualTo(CONTENT);
    assertThat(lab.get("/f", CI).body()).isEqualTo(CONTENT);
    int asked = lab.connected.size();
    for (String target : new String[] {path + "?ns=other.test", "/f"}) {
      var refused = lab.get(target, DEV);
      assertThat(refused.status()).isEqualTo(403);
      assertThat(refused.text()).contains("does not let this caller");
    }
    assertThat(lab.connected).hasSize(asked);
  }

  @Test
  @Threat("S-PXY-6")
  void entryOpenToTheHost_isForProgramsThatSayNothing_inOriginFormOnly() throws IOException {
    String path = lab.other.blob("lib/app", CONTENT);

    assertThat(lab.get(path + "?ns=other.test").body()).isEqualTo(CONTENT);
    assertThat(lab.ask("HEAD", path + "?ns=other.test").status()).isEqualTo(200);

    for (String wrong : WRONG.stream().filter(header -> header.startsWith("Proxy")).toList()) {
      assertThat(lab.get(path + "?ns=other.test", wrong).status()).as(wrong).isEqualTo(407);
    }
    try (var client = lab.connect()) {
      client.send("GET http://other.test" + path + " HTTP/1.1~Host: other.test~~");
      assertThat(client.read().status()).isEqualTo(407);
      client.send("GET http://other.test" + path + " HTTP/1.1~Host: other.test~" + CI + "~~");
      assertThat(client.read().body()).isEqualTo(CONTENT);
    }
    assertThat(lab.audit.of(AuditAction.EXPORT)).extracting(AuditEvent::actor).containsExactly("anonymous", "proxy:ci");
  }

  @Test
  void tunnel_isRefusedForEverybody() throws IOException {
    try (var client = lab.connect()) {
      client.send("CONNECT files.test:443 HTTP/1.1~Host: files.test:443~" + CI + "~~");
      assertThat(client.read().status()).isEqualTo(405);
    }
  }

  @Test
  @Threat("B-25")
  void recordsOfStrangers_areBounded_andNobodyIsLockedOut(@TempDir Path directory) throws IOException {
    try (var small = ProxyLab.guarded(directory.resolve("store"), Map.of("proxy-unknown-callers", 1L))) {
      var statuses = new java.util.ArrayList<Integer>();
      for (int i = 0; i < 200; i++) {
        statuses.add(small.get("/v2/").status());
      }
      assertThat(Set.copyOf(statuses)).isEqualTo(Set.of(407, 429));
      assertThat(small.audit.of(AuditAction.PROXY_REFUSE)).hasSize((int) statuses.stream().filter(status -> status == 407).count());
      assertThat(small.get("/v2/", CI).status()).isEqualTo(200);
    }
  }
}
