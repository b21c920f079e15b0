package dev.damselfly.peer.proxy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Map;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@NullMarked
class RouteTest {
  private static final String HEX = "0123456789abcdef".repeat(4);

  @ParameterizedTest
  @ValueSource(
      strings = {
        "/v2/",
        "/v2/app/manifests/v1",
        "/v2/lib/a.b_c__d---e/manifests/sha256:HEX",
        "/v2/blobs/manifests/blobs/sha256:HEX",
        "/v2/a/b/c/blobs/sha512:HEXHEX",
        "/v2/lib/app/tags/list",
        "/v2/lib/app/referrers/sha256:HEX",
      })
  void paths_ofTheApiAreMadeAnew(String path) {
    String given = path.replace("HEX", HEX);

    assertThat(Route.parse(given).path()).isEqualTo(given);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "/", "/v1/", "/v2//manifests/v1", "/v2/../app/manifests/v1", "/v2/./manifests/v1", "/v2/%2e%2e/manifests/v1",
        "/v2/App/manifests/v1", "/v2/app//x/manifests/v1", "/v2/app/manifests/", "/v2/app/manifests/.v1", "/v2/app/manifests/a%2Fb",
        "/v2/app/blobs/v1", "/v2/app/blobs/md5:0123", "/v2/app/blobs/sha256:0123", "/v2/app/blobs/uploads/", "/v2/app/tags/none",
        "/v2/_catalog", "/v2/app/manifests/v1/", "/v2/app/manifests/v1;x", "/v2/-app/manifests/v1", "/v2/app-/manifests/v1", "/token",
      })
  void otherPaths_areUnknown(String path) {
    assertThatThrownBy(() -> Route.parse(path)).isInstanceOfSatisfying(Refusal.class, r -> assertThat(r.status()).isEqualTo(404));
  }

  @Test
  void names_haveABound() {
    assertThat(Route.parse("/v2/" + "a".repeat(255) + "/manifests/v1")).isInstanceOf(Route.Manifest.class);
    assertThatThrownBy(() -> Route.parse("/v2/" + "a".repeat(256) + "/manifests/v1")).isInstanceOf(Refusal.class);
  }

  @Test
  void parameters_areFourAndPlain() {
    assertThat(Route.parameters("ns=127.0.0.1%3A5000&n=10&last=a%2fb"))
        .isEqualTo(Map.of("ns", "127.0.0.1:5000", "n", "10", "last", "a/b"));
    assertThat(Route.query(Route.parameters("artifactType=a%2Fb%2Bc&ns=x"))).isEqualTo("?artifactType=a/b%2Bc");
    for (String bad : new String[] {"x=1", "ns=a&ns=a", "ns", "ns=", "ns=%", "ns=%zz", "ns=%0d%0a", "ns=a%26b", "n=1&&last=2", "ns=%2525"}) {
      assertThatThrownBy(() -> Route.parameters(bad)).as(bad).isInstanceOf(Refusal.class);
    }
  }
}
