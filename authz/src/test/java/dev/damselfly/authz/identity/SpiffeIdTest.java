package dev.damselfly.authz.identity;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.damselfly.api.assurance.Threat;
import dev.damselfly.api.error.InvalidValue;
import java.util.List;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@NullMarked
@Threat("F-31")
class SpiffeIdTest {
  private static final String LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_";

  @ParameterizedTest
  @ValueSource(
      strings = {
        "spiffe://td",
        "spiffe://td/a",
        "spiffe://example.org/ns/prod/sa/web",
        "spiffe://1.2.3.4/service",
        "spiffe://a_b-c.d/A.B-C_9",
        "spiffe://td/...",
        "spiffe://td/.a/a.",
        "spiffe://-/-"
      })
  void parse_roundTripsCanonicalText(String text) {
    assertThat(SpiffeId.parse(text)).hasToString(text);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "spiffe",
        "spiffe:",
        "spiffe:/td/a",
        "spiffe://",
        "spiffe:///a",
        "Spiffe://td/a",
        "SPIFFE://td/a",
        "https://td/a",
        " spiffe://td/a",
        "spiffe://td/a ",
        "spiffe://td/a\n",
        "spiffe://TD/a",
        "spiffe://td/",
        "spiffe://td//a",
        "spiffe://td/a/",
        "spiffe://td/a//b",
        "spiffe://td/.",
        "spiffe://td/..",
        "spiffe://td/a/./b",
        "spiffe://td/a/../b",
        "spiffe://td/%61",
        "spiffe://t%64/a",
        "spiffe://td?q",
        "spiffe://td?",
        "spiffe://td/a?",
        "spiffe://td/a?q=1",
        "spiffe://td#",
        "spiffe://td/a#f",
        "spiffe://user@td/a",
        "spiffe://@td/a",
        "spiffe://td:443/a",
        "spiffe://td:/a",
        "spiffe://[::1]/a",
        "spiffe://td\\a",
        "spiffe://td/a\\b",
        "spiffe://td/a:b",
        "spiffe://td/a@b",
        "spiffe://td/~a",
        "spiffe://td/a+b",
        "spiffe://td/a;b",
        "spiffe://td/ä",
        "spiffe://tд/a",
        "spiffe://td/a\u0000",
        "spiffe://td/\u0391",
        "spiffe://td/a\u200b"
      })
  void parse_refusesEveryOtherSpelling(String text) {
    assertThatThrownBy(() -> SpiffeId.parse(text)).isInstanceOf(InvalidValue.class);
  }

  @Test
  @Threat("B-38")
  void lengths_areBounded() {
    String domain = "d".repeat(TrustDomain.MAX);
    String longest = "spiffe://td/" + "a".repeat(SpiffeId.MAX - "spiffe://td/".length());

    assertThat(SpiffeId.parse("spiffe://" + domain + "/a").trustDomain().name()).isEqualTo(domain);
    assertThatThrownBy(() -> SpiffeId.parse("spiffe://" + domain + "d/a")).isInstanceOf(InvalidValue.class);
    assertThat(SpiffeId.parse(longest)).hasToString(longest);
    assertThatThrownBy(() -> SpiffeId.parse(longest + "a")).isInstanceOf(InvalidValue.class);
    assertThatThrownBy(() -> new SpiffeId(new TrustDomain("td"), List.of("a".repeat(2048))))
        .isInstanceOf(InvalidValue.class);
  }

  @Test
  void refusal_namesTheRuleAndNeverTheValue() {
    assertThatThrownBy(() -> SpiffeId.parse("spiffe://td/s3cret?token"))
        .isInstanceOf(InvalidValue.class)
        .hasMessageNotContaining("s3cret")
        .hasMessageNotContaining("token");
  }

  @Test
  void parts_cannotSmuggleSeparators() {
    var domain = new TrustDomain("td");

    for (String segment : List.of("", "a/b", "..", "a%2fb", "a?b")) {
      assertThatThrownBy(() -> new SpiffeId(domain, List.of(segment))).isInstanceOf(InvalidValue.class);
    }
  }

  @Provide
  Arbitrary<String> nearlyIds() {
    return Arbitraries.strings().withChars("spiefTD:/.%?#@ab-_ ").ofMaxLength(24).map(rest -> "spiffe://" + rest);
  }

  @Property
  void whateverIsAccepted_isCanonical(@ForAll("nearlyIds") String text) {
    SpiffeId id;
    try {
      id = SpiffeId.parse(text);
    } catch (InvalidValue refused) {
      return;
    }
    assertThat(id).hasToString(text);
    assertThat(new SpiffeId(id.trustDomain(), id.path())).isEqualTo(id);
    assertThat(text.chars().skip("spiffe://".length()).allMatch(c -> c == '/' || LETTERS.indexOf(c) >= 0)).isTrue();
  }

  @Property
  void anyText_givesAnIdOrOneException(@ForAll String text) {
    try {
      assertThat(SpiffeId.parse(text)).hasToString(text);
    } catch (InvalidValue refused) {
      assertThat(refused.rule()).isNotEmpty();
    }
  }
}
