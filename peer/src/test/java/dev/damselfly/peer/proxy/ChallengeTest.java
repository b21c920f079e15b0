package dev.damselfly.peer.proxy;

import static org.assertj.core.api.Assertions.assertThat;

import dev.damselfly.api.assurance.Threat;
import java.util.List;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@NullMarked
class ChallengeTest {
  private static final Upstream UPSTREAM =
      new Upstream("hub.test", "https://hub.test", List.of("https://auth.hub.test:8443"), false);

  private static boolean isPassedOn(String text) {
    return Challenge.parse(text).filter(challenge -> challenge.isSafeFor(UPSTREAM)).isPresent();
  }

  @Test
  void knownRealms_arePassedOnInOurSpelling() {
    var challenge = Challenge.parse("bearer  realm=\"https://auth.hub.test:8443/token\", service=reg , scope=\"repository:a:pull\",x=\"y\"");

    assertThat(challenge.orElseThrow().isSafeFor(UPSTREAM)).isTrue();
    assertThat(challenge.orElseThrow().text())
        .isEqualTo("Bearer realm=\"https://auth.hub.test:8443/token\",service=\"reg\",scope=\"repository:a:pull\"");
    assertThat(isPassedOn("Bearer realm=\"https://hub.test/token\"")).isTrue();
    assertThat(isPassedOn("Basic realm=\"anything\"")).isTrue();
  }

  @ParameterizedTest
  @Threat("S-PXY-4")
  @ValueSource(
      strings = {
        "Bearer realm=\"https://evil.test/token\"",
        "Bearer realm=\"http://hub.test/token\"",
        "Bearer realm=\"http://auth.hub.test:8443/token\"",
        "Bearer realm=\"https://auth.hub.test/token\"",
        "Bearer realm=\"https://hub.test:8443/token\"",
        "Bearer realm=\"https://xauth.hub.test:8443/token\"",
        "Bearer realm=\"https://hub.test@evil.test/\"",
        "Bearer realm=\"https://hub.test:443@evil.test/\"",
        "Bearer realm=\"https://hub.test.evil.test/\"",
        "Bearer realm=\"https://hub.test\\@evil.test/\"",
        "Bearer realm=\"//hub.test/token\"",
        "Bearer realm=\"https://hub.test/a\",realm=\"https://evil.test/\"",
        "Bearer realm=\"https://hub.test/a\", Bearer realm=\"https://evil.test/\"",
        "Bearer realm='https://hub.test'",
        "Bearer service=\"x\"",
        "Bearer",
        "Negotiate abc",
        "Basic realm=\"a",
        "Basic realm=\"a\r\nSet-Cookie: x\"",
      })
  void otherRealms_andOtherGrammar_areNot(String text) {
    assertThat(isPassedOn(text)).isFalse();
  }
}
