package dev.damselfly.api.url;

import static org.assertj.core.api.Assertions.assertThat;

import dev.damselfly.api.assurance.Threat;
import java.util.List;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

@NullMarked
class UrlSpellingsTest {
  private static List<String> of(String url) {
    return UrlSpellings.of(CanonicalUrl.parse(url));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "http://files.example.org/private/a.tar",
        "HTTP://FILES.Example.ORG/private/a.tar",
        "http://files.example.org:80/private/a.tar",
        "http://files.example.org./private/a.tar",
        "http://files.example.org.:80/private/a.tar",
        "http://user:secret@files.example.org/private/a.tar",
        "http://@files.example.org/private/a.tar",
        "http://%66iles.example.org/private/a.tar",
        "http://files.example.org/%70rivate/a%2Etar",
        "http://files.example.org/private%2Fa.tar",
        "http://files.example.org/private%2fa.tar",
        "http://files.example.org//private///a.tar",
        "http://files.example.org/x/../private/./a.tar",
        "http://files.example.org/x/%2e%2E/private/a.tar",
        "http://files.example.org/x%2F..%2Fprivate/a.tar",
        "http://files.example.org/private/a.tar#fragment",
        "http://files.example.org/private/a.tar?x=1"
      })
  @Threat("S-BLK-1")
  void of_hasThePlainTextWhateverTheSpelling(String url) {
    assertThat(of(url)).contains("http://files.example.org/private/a.tar");
    assertThat(of(url).toString()).doesNotContain("secret", "fragment");
  }

  @ParameterizedTest
  @CsvSource({
    "http://[::ffff:10.0.0.5]/f,http://10.0.0.5/f",
    "http://[::FFFF:0a00:5]:80/f,http://10.0.0.5/f",
    "http://0xa000005/f,http://10.0.0.5/f",
    "http://167772165/f,http://10.0.0.5/f",
    "http://10.0.0.5./f,http://10.0.0.5/f",
    "http://[0:0::1]/f,http://[::1]/f",
    "http://[::ffff:1]/f,http://[::ffff:1]/f",
    "https://h:443/,https://h/",
    "https://h,https://h/",
    "https://h:80/f,https://h:80/f",
    "http://B\u00dcCHER.example/f,http://xn--bcher-kva.example/f"
  })
  @Threat("S-BLK-1")
  void of_namesTheServerInOneWay(String url, String plain) {
    assertThat(of(url)).containsExactly(plain);
  }

  @Test
  void of_keepsTheEscapedTextBesideTheDecodedOne() {
    assertThat(of("http://h/a%20b%2fc?q=%41%2f"))
        .containsExactly("http://h/a%20b%2Fc", "http://h/a b/c", "http://h/a%20b%2Fc?q=A%2F", "http://h/a b/c?q=A/");
  }

  @Test
  void of_leavesWhatIsNoEscape() {
    assertThat(of("http://h/100%/%zz/%4")).containsExactly("http://h/100%/%zz/%4");
    assertThat(of("http://h/a//")).containsExactly("http://h/a//", "http://h/a/");
  }

  @Test
  void of_decodesOnce() {
    assertThat(of("http://h/%2541")).containsExactly("http://h/%2541", "http://h/%41");
  }
}
