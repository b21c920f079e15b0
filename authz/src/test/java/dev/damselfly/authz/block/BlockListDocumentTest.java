package dev.damselfly.authz.block;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.damselfly.api.assurance.Threat;
import dev.damselfly.api.error.InvalidValue;
import java.util.Collections;
import java.util.List;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

@NullMarked
class BlockListDocumentTest {
  private static BlockList parse(String document) {
    return BlockListDocument.parse(document.getBytes(UTF_8));
  }

  private static String task(String rules) {
    return "{\"block_list\":{\"task\":{\"download\":{" + rules + "}}}}";
  }

  @Test
  void parse_takesEveryList() {
    var list =
        parse(
            """
            {"load_limit": 200, "block_list": {
              "task": {"download": {"applications": ["a"], "urls": ["^x"], "tags": ["t"], "priorities": [-2147483648, 6]}},
              "persistent_task": {"download": {"tags": ["pd"]}, "upload": {"applications": ["pu"]}},
              "persistent_cache_task": {"download": {"priorities": [1]}, "upload": {"urls": ["cu"]}}}}
            """);

    assertThat(list.taskDownload())
        .isEqualTo(new BlockRules(List.of("a"), List.of(UrlPattern.parse("^x")), List.of("t"), List.of(Integer.MIN_VALUE, 6)));
    assertThat(list.persistentDownload().tags()).containsExactly("pd");
    assertThat(list.persistentUpload().applications()).containsExactly("pu");
    assertThat(list.persistentCacheDownload().priorities()).containsExactly(1);
    assertThat(list.persistentCacheUpload().urls()).containsExactly(UrlPattern.parse("cu"));
    assertThat(parse("{\"block_list\":" + BlockListDocument.write(list) + "}")).isEqualTo(list);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{}",
        "{\"load_limit\":1,\"another\":{}}",
        "{\"block_list\":null}",
        "{\"block_list\":{}}",
        "{\"block_list\":{\"task\":null}}",
        "{\"block_list\":{\"task\":{\"download\":{\"urls\":null,\"tags\":[]}}}}"
      })
  void parse_takesAbsentForNoRules(String document) {
    assertThat(parse(document).isEmpty()).isTrue();
  }

  /// A rule that is not understood is one that would not hold.
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '~',
      value = {
        "|a cluster configuration",
        "[]|a cluster configuration",
        "{} {}|a cluster configuration",
        "{\"a\":1,\"a\":1}|a cluster configuration",
        "{\"block_list\":[]}|block_list: must be a JSON object",
        "{\"block_list\":{\"tasks\":{}}}|block_list: has a key that is not known",
        "{\"block_list\":{\"persistentTask\":{}}}|block_list: has a key that is not known",
        "{\"block_list\":{\"task\":{\"upload\":{}}}}|block_list.task: has a key that is not known",
        "{\"block_list\":{\"task\":{\"download\":{\"hosts\":[]}}}}|block_list.task.download: has a key that is not known",
        "{\"block_list\":{\"persistent_task\":{\"upload\":{\"priorities\":[]}}}}|block_list.persistent_task.upload: has a key",
        "{\"block_list\":{\"task\":{\"download\":{\"tags\":\"SECRET\"}}}}|block_list.task.download.tags: must be a list",
        "{\"block_list\":{\"task\":{\"download\":{\"tags\":[1]}}}}|block_list.task.download.tags[0]: must be a text",
        "{\"block_list\":{\"task\":{\"download\":{\"applications\":[\"a\",\"\"]}}}}|block_list.task.download.applications[1]: must have 1",
        "{\"block_list\":{\"task\":{\"download\":{\"urls\":[\"SECRET(\"]}}}}|block_list.task.download.urls[0]: must be a regular expression",
        "{\"block_list\":{\"task\":{\"download\":{\"priorities\":[2147483648]}}}}|block_list.task.download.priorities[0]: must be a whole",
        "{\"block_list\":{\"task\":{\"download\":{\"priorities\":[\"6\"]}}}}|block_list.task.download.priorities[0]: must be a whole",
        "{\"block_list\":{\"task\":{\"download\":{\"priorities\":[6.0]}}}}|block_list.task.download.priorities[0]: must be a whole"
      })
  @Threat("S-BLK-3")
  void parse_refusesWhatItDoesNotUnderstand(String document, String problem) {
    assertThatThrownBy(() -> parse(document == null ? "" : document))
        .isInstanceOf(InvalidValue.class)
        .hasMessageStartingWith(problem)
        .hasMessageNotContaining("SECRET");
  }

  @Test
  @Threat({"B-35", "S-BLK-1"})
  void parse_isBounded() {
    var slow = "\"" + String.join("\",\"", Collections.nCopies(11, "a{1000}")) + "\"";

    assertRefused(task("\"tags\":[" + "\"t\",".repeat(256) + "\"t\"]"), "block_list.task.download.tags: must be a list of at most 256");
    assertRefused(task("\"tags\":[\"" + "t".repeat(1025) + "\"]"), "block_list.task.download.tags[0]: must have 1 to 1024 bytes");
    assertRefused(task("\"urls\":[\"" + "t".repeat(1025) + "\"]"), "block_list.task.download.urls[0]: a regular expression has 1");
    assertRefused(task("\"urls\":[" + slow + "]"), "block_list.task.download: urls: the regular expressions of a list have at most");
    assertRefused(task("\"tags\":[" + ("\"" + "t".repeat(1000) + "\",").repeat(12) + "\"" + "t".repeat(400) + "\"]"), "a block list has at most 12 KiB");
    assertRefused("{\"a\":\"" + "x".repeat(16 << 10) + "\"}", "a cluster configuration has at most 16 KiB");
    assertRefused("[".repeat(5000), "a cluster configuration is one JSON object");
  }

  private static void assertRefused(String document, String problem) {
    assertThatThrownBy(() -> parse(document)).isInstanceOf(InvalidValue.class).hasMessageStartingWith(problem);
  }
}
