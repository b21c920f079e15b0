package dev.damselfly.api.url;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import dev.damselfly.api.Vectors;
import dev.damselfly.api.assurance.Threat;
import dev.damselfly.api.error.InvalidValue;
import java.time.Duration;
import java.util.Collections;
import java.util.List;
import java.util.stream.Stream;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.StringLength;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

@NullMarked
class CanonicalUrlTest {
  private static final List<String> NONE = List.of("zz");

  static Stream<JsonNode> vectors() {
    return Vectors.ids("canonical_urls");
  }

  @ParameterizedTest
  @MethodSource("vectors")
  void text_equalsTheVector(JsonNode row) {
    var url = CanonicalUrl.parse(row.get("url").asText(), Vectors.strings(row.get("filtered_query_params")));

    assertThat(url.text()).isEqualTo(row.get("canonical").asText());
  }

  @ParameterizedTest
  @CsvSource({
    "http://127.1/,127.0.0.1",
    "http://2130706433/,127.0.0.1",
    "http://0x7f.0.0.1/,127.0.0.1",
    "http://0177.0.0.1/,127.0.0.1",
    "http://127.0.0.1./,127.0.0.1",
    "http://0x/,0.0.0.0",
    "http://%31%32%37.0.0.1/,127.0.0.1",
    "http://１２７.０.０.１/,127.0.0.1",
    "http://[0:0:0:0:0:0:0:1]/,::1",
    "http://[2001:DB8::0:1]/,2001:db8::1",
    "http://[::ffff:127.0.0.1]/,::ffff:7f00:1",
    "http://[1:0:0:2:0:0:0:3]/,1:0:0:2::3",
    "http://EXAMPLE.com./,example.com.",
    "https://faß.example/,xn--fa-hia.example",
    "http://a_b.example/,a_b.example",
    "s3://My.Bucket/k,My.Bucket",
  })
  @Threat({"F-10", "TOB-2"})
  void host_isWhatWillBeConnectedTo(String text, String host) {
    assertThat(CanonicalUrl.parse(text, NONE).host()).isEqualTo(host);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "example.com/x",
        "http:example.com",
        "https:///example.com/",
        "://x",
        "1http://x",
        "ht tp://x",
        "file:///etc/passwd",
        "FILE://host/x",
        "http://",
        "http://:80/",
        "http://user@/x",
        "http://user@:80/x",
        "http://host:65536/",
        "http://host:99999999999999999999/",
        "http://host:8a/",
        "http://host:-1/",
        "http://a b/",
        "http://a<b/",
        "http://a^b/",
        "http://a|b/",
        "http://a%2fb/",
        "http://a%00b/",
        "http://a%25b/",
        "http://a%ffb/",
        "http://[::1/",
        "http://[::1]x/",
        "http://[1:2:3:4:5:6:7:8:9]/",
        "http://[1:2:3:4:5:6:7::8]/",
        "http://[1::2::3]/",
        "http://[12345::]/",
        "http://[::1.2.3]/",
        "http://[::1.2.3.04]/",
        "http://[::1.2.3.256]/",
        "http://[fe80::1%25eth0]/",
        "http://[:1]/",
        "http://[1:]/",
        "http://1.2.3.4.5/",
        "http://256.1.1.1/",
        "http://1.2.3.08/",
        "http://1..2/",
        "http://4294967296/",
        "http://xn--a/",
        "http://\u00ad/",
        "http://host/a\\b",
        "http:\\\\host/",
        "http://host/a\nb",
        "http://host/a\tb",
        "http://host/\u0000",
        "http://host/\u007f",
        "http://host/\u0085",
        " http://host/",
        "http://host/ ",
        "http://host/\ud800",
      })
  @Threat({"F-10", "TOB-2"})
  void parse_refuses(String text) {
    assertThatThrownBy(() -> CanonicalUrl.parse(text)).isInstanceOf(InvalidValue.class);
  }

  @Test
  @Threat("B-23")
  void parse_boundsTheLengthInBytes() {
    String base = "http://host/";
    String longest = base + "a".repeat(CanonicalUrl.MAX_BYTES - base.length());

    assertThat(CanonicalUrl.parse(longest).text()).isEqualTo(longest);
    assertThatThrownBy(() -> CanonicalUrl.parse(longest + "a")).isInstanceOf(InvalidValue.class);
    assertThatThrownBy(() -> CanonicalUrl.parse(base + "é".repeat(CanonicalUrl.MAX_BYTES / 2)))
        .isInstanceOf(InvalidValue.class);
    assertThatThrownBy(() -> CanonicalUrl.parse("http://" + "a".repeat(254) + "/")).isInstanceOf(InvalidValue.class);
  }

  @ParameterizedTest
  @ValueSource(strings = {"/../", "/%2e%2E/", "&a=1", "%", "#", "@", "//", "?", "a.", "[", "%41"})
  void parse_isFastForEveryRepetition(String part) {
    String text = "http://host/" + part.repeat((CanonicalUrl.MAX_BYTES - 12) / part.length());
    long start = System.nanoTime();

    for (int i = 0; i < 10; i++) {
      CanonicalUrl.parse(text, NONE);
    }

    assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(Duration.ofSeconds(5));
  }

  @Test
  void display_hidesCredentialsQueryAndFragment() {
    var url = CanonicalUrl.parse("https://user:hunter2@Example.com:443/a/../b?sig=hunter3#hunter4");

    assertThat(url.display()).isEqualTo("https://example.com/b");
    assertThat(url).hasToString("https://example.com/b");
    assertThat(url.hasUserInfo()).isTrue();
    assertThat(url.port()).hasValue(443);
    assertThat(url.text()).contains("hunter2");
  }

  @Test
  void hasUserInfo_isFalseForAnAtSignElsewhere() {
    assertThat(CanonicalUrl.parse("https://host/a@b?c=@").hasUserInfo()).isFalse();
    assertThat(UrlText.hasUserInfo("https://host/a@b")).isFalse();
    assertThat(UrlText.hasUserInfo("https://u@host/a")).isTrue();
    assertThat(CanonicalUrl.parse("https://:@host/", NONE).text()).isEqualTo("https://host/");
  }

  @Test
  void defaultFilter_dropsSignaturesAndTheMirrorParameter() {
    String signed = "https://b.example/a?versionId=7&X-Amz-Signature=x&ns=docker.io&q-ak=1";

    var url = CanonicalUrl.parse(signed, DefaultFilter.NAMES);

    assertThat(DefaultFilter.NAMES).hasSize(30).doesNotHaveDuplicates();
    assertThat(url.text()).isEqualTo("https://b.example/a?versionId=7");
  }

  @Test
  void parse_boundsTheFilter() {
    var many = Collections.nCopies(CanonicalUrl.MAX_FILTERED + 1, "a");

    assertThatThrownBy(() -> CanonicalUrl.parse("http://h/", many)).isInstanceOf(InvalidValue.class);
    assertThatThrownBy(() -> CanonicalUrl.parse("http://h/", List.of("a".repeat(1025))))
        .isInstanceOf(InvalidValue.class);
  }

  @Property(tries = 2000)
  void text_isAFixedPoint(@ForAll @StringLength(max = 40) String tail) {
    CanonicalUrl once;
    try {
      once = CanonicalUrl.parse("http://host/" + tail, NONE);
    } catch (InvalidValue _) {
      return; // the one exception that the contract allows
    }

    assertThat(CanonicalUrl.parse(once.text(), NONE).text()).isEqualTo(once.text());
  }

  @Property(tries = 2000)
  void host_isAFixedPoint(@ForAll @StringLength(min = 1, max = 20) String authority) {
    CanonicalUrl once;
    try {
      once = CanonicalUrl.parse("http://" + authority + "/", NONE);
    } catch (InvalidValue _) {
      return;
    }

    assertThat(CanonicalUrl.parse(once.text(), NONE).text()).isEqualTo(once.text());
  }
}
