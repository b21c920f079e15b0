package dev.damselfly.authz.block;

import static org.assertj.core.api.Assertions.assertThat;

import dev.damselfly.api.assurance.Threat;
import dev.damselfly.api.url.CanonicalUrl;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

@NullMarked
class BlockRulesTest {
  private static final BlockRules ALL =
      new BlockRules(
          List.of("a", "batch"),
          List.of(UrlPattern.parse("^never$"), UrlPattern.parse("^https?://files[.]example[.]org/private/[^/]+$")),
          List.of("nightly"),
          List.of(-1, 6));

  private static Optional<String> find(BlockRules rules, String url, String application, String tag, int priority) {
    return rules.find(new BlockQuestion(CanonicalUrl.parse(url), application, tag, priority)).map(BlockRule::id);
  }

  @ParameterizedTest
  @CsvSource(
      nullValues = "-",
      value = {
        "http://files.example.org/f,batch,,0,applications[1]",
        "http://files.example.org/f,,nightly,0,tags[0]",
        "http://files.example.org/f,,,6,priorities[1]",
        "http://files.example.org/private/f,,,0,urls[1]",
        "http://files.example.org/f,Batch,Nightly,5,-",
        "http://files.example.org/f,batch2,nightly2,7,-",
        "http://files.example.org/private/f/g,,,0,-",
        "http://other.example.org/private/f,,,0,-"
      })
  void find_namesTheRuleThatMatches(String url, String application, String tag, int priority, String rule) {
    assertThat(find(ALL, url, application == null ? "" : application, tag == null ? "" : tag, priority))
        .isEqualTo(Optional.ofNullable(rule));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "https://files.example.org/private/f",
        "HTTPS://FILES.EXAMPLE.ORG/private/f",
        "https://files.example.org:443/private/f",
        "https://files.example.org./private/f",
        "https://u:p@files.example.org/private/f",
        "https://files.example.org/%70rivate/f",
        "https://files.example.org/private%2Ff",
        "https://files.example.org//private/f",
        "https://files.example.org/a/..%2Fprivate/f",
        "https://files.example.org/private/f?x=1",
        "https://files.example.org/private/f#x"
      })
  @Threat("S-BLK-1")
  void find_holdsForEverySpelling(String url) {
    assertThat(find(ALL, url, "", "", 0)).contains("urls[1]");
  }

  @Test
  @Threat("S-BLK-1")
  void find_holdsForMappedAddresses() {
    var rules = new BlockRules(List.of(), List.of(UrlPattern.parse("^http://10[.]0[.]0[.]5/")), List.of(), List.of());

    assertThat(find(rules, "http://[::ffff:10.0.0.5]/f", "", "", 0)).contains("urls[0]");
    assertThat(find(rules, "http://0x0a000005/f", "", "", 0)).contains("urls[0]");
    assertThat(find(rules, "http://10.0.0.50/f", "", "", 0)).isEmpty();
  }

  @Test
  void find_seesWhatTheCallerFiltersOutOfTheTaskId() {
    var rules = new BlockRules(List.of(), List.of(UrlPattern.parse("[?&]file=secret")), List.of(), List.of());
    var url = CanonicalUrl.parse("http://h/get?file=secret", List.of("file"));

    assertThat(rules.find(new BlockQuestion(url, "", "", 0))).isPresent();
  }

  @Test
  @Threat("S-BLK-1")
  void find_takesTimeInProportion() {
    var rules = new BlockRules(List.of(), List.of(UrlPattern.parse("^(a+)+$"), UrlPattern.parse("(x+x+)+y")), List.of(), List.of());

    assertThat(find(rules, "http://h/" + "x".repeat(8000), "", "", 0)).isEmpty();
  }
}
