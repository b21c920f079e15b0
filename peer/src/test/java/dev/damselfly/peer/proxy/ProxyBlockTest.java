package dev.damselfly.peer.proxy;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import dev.damselfly.api.assurance.Threat;
import dev.damselfly.authz.audit.AuditAction;
import dev.damselfly.authz.testing.MemoryAudit;
import dev.damselfly.peer.block.BlockLists;
import dev.damselfly.peer.testing.BlockedBy;
import java.io.IOException;
import java.nio.file.Path;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/// Block lists and everything that the proxy answers: layers, manifests, listings, tokens, web servers.
///
/// Its requests name no application, tag or priority.
@NullMarked
@Timeout(120)
class ProxyBlockTest {
  private static final String CI = ProxyLab.as("ci", ProxyLab.CI);
  private static final byte[] CONTENT = "content of a layer".getBytes(US_ASCII);

  private final MemoryAudit denials = new MemoryAudit();
  private final BlockLists gate;
  private final ProxyLab lab;

  ProxyBlockTest(@TempDir Path directory) throws IOException {
    gate = BlockLists.open(directory.resolve("b"), "east", false, denials);
    lab = new ProxyLab(directory.resolve("store"), gate);
  }

  @BeforeEach
  void serve() {
    lab.hub.blob("blocked/app", CONTENT);
    lab.hub.blob("lib/app", CONTENT);
    lab.hub.manifest("blocked/app", "v1", CONTENT);
    lab.hub.manifest("lib/app", "v1", CONTENT);
    for (String path : new String[] {"/blocked/f", "/big/blocked/f", "/f"}) {
      lab.web.put(path, CONTENT);
    }
  }

  @AfterEach
  void close() throws IOException {
    lab.close();
  }

  private RawHttp.Answer ask(String method, String target) throws IOException {
    String place = target.replace("DIGEST", TestRegistry.digest(CONTENT));
    if (place.startsWith("/")) {
      return lab.ask(method, place, CI);
    }
    try (var client = new RawHttp(lab.port())) {
      client.send(method + " " + place + " HTTP/1.1~Host: files.test~" + CI + "~~");
      return client.read(method.equals("HEAD"));
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "GET /v2/blocked/app/blobs/DIGEST?ns=hub.test",
        "HEAD /v2/blocked/app/blobs/DIGEST?ns=hub.test",
        "GET /v2/blocked/app/manifests/v1?ns=hub.test",
        "HEAD /v2/blocked/app/manifests/v1?ns=hub.test",
        "GET /v2/blocked/app/tags/list?ns=hub.test",
        "GET http://files.test/blocked/f",
        "HEAD http://files.test/blocked/f",
        "GET http://files.test/%62locked/f",
        "GET http://files.test/big/blocked/f"
      })
  @Threat({"S-BLK-2", "S-BLK-1"})
  void blockedUrl_isForbiddenAndNobodyIsAsked(String request) throws IOException {
    gate.told(BlockedBy.URLS.document());
    String[] parts = request.split(" ", -1);

    RawHttp.Answer answer = ask(parts[0], parts[1]);

    assertThat(answer.status()).isEqualTo(403);
    if (parts[0].equals("GET")) {
      assertThat(answer.text()).contains("DENIED", "block list", "(urls)").doesNotContain("/blocked/");
    }
    assertThat(lab.connected).isEmpty();
    assertThat(denials.of(AuditAction.BLOCK_LIST_DENY)).singleElement().satisfies(event -> {
      assertThat(event.actor()).isEqualTo("proxy:ci");
      assertThat(event.detail()).containsEntry("rule", "urls[0]");
    });
    assertThat(lab.audit.of(AuditAction.PROXY_REFUSE)).hasSize(1);
  }

  @ParameterizedTest
  @EnumSource(names = "URLS", mode = EnumSource.Mode.EXCLUDE)
  void rulesOfOtherKinds_leaveTheProxyAlone(BlockedBy by) throws IOException {
    gate.told(by.document());

    assertThat(ask("GET", "/v2/blocked/app/blobs/DIGEST?ns=hub.test").body()).isEqualTo(CONTENT);
    assertThat(ask("GET", "http://files.test/blocked/f").body()).isEqualTo(CONTENT);
  }

  @Test
  @Threat("S-BLK-2")
  void priorityThatRequestsWithoutOneHave_blocksTheProxy() throws IOException {
    gate.told(ByteString.copyFromUtf8("{\"block_list\":{\"task\":{\"download\":{\"priorities\":[0]}}}}"));

    RawHttp.Answer answer = ask("GET", "/v2/lib/app/manifests/v1?ns=hub.test");

    assertThat(answer.status()).isEqualTo(403);
    assertThat(answer.text()).contains("(priorities)");
  }

  @Test
  @Threat("S-BLK-2")
  void tokenOfABlockedRegistry_isNotAskedFor() throws IOException {
    gate.told(ByteString.copyFromUtf8("{\"block_list\":{\"task\":{\"download\":{\"urls\":[\"^http://127[.]0[.]0[.]1:" + port() + "/\"]}}}}"));

    assertThat(ask("GET", "/v2/lib/app/token/pull?ns=hub.test").status()).isEqualTo(403);
    assertThat(ask("GET", "/v2/?ns=hub.test").status()).isEqualTo(403);
    assertThat(lab.connected).isEmpty();
  }

  private int port() {
    return Integer.parseInt(lab.hub.url().substring(lab.hub.url().lastIndexOf(':') + 1));
  }

  @Test
  @Threat("S-BLK-3")
  void withoutAList_callersComeAgain() throws IOException {
    RawHttp.Answer answer = ask("GET", "/v2/lib/app/manifests/v1?ns=hub.test");

    assertThat(answer.status()).isEqualTo(503);
    assertThat(answer.headers()).containsKey("retry-after");
    assertThat(lab.connected).isEmpty();
  }

  @Test
  void listThatIsTakenAway_blocksNothing() throws IOException {
    gate.told(BlockedBy.URLS.document());
    gate.told(BlockedBy.nothing());

    assertThat(ask("GET", "/v2/blocked/app/blobs/DIGEST?ns=hub.test").body()).isEqualTo(CONTENT);
    assertThat(ask("GET", "/v2/blocked/app/manifests/v1?ns=hub.test").body()).isEqualTo(CONTENT);
  }
}
