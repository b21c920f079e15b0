package dev.damselfly.api.id;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import dev.damselfly.api.Vectors;
import dev.damselfly.api.assurance.Threat;
import dev.damselfly.api.error.InvalidValue;
import dev.damselfly.api.error.RequestFailure.Malformed;
import dev.damselfly.api.id.TaskTuple.Form;
import dev.damselfly.api.url.CanonicalUrl;
import dev.damselfly.api.wire.common.v2.Download;
import dev.damselfly.api.wire.common.v2.HuggingFace;
import dev.damselfly.api.wire.common.v2.ModelScope;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

@NullMarked
class TaskTupleTest {
  static Stream<JsonNode> urlForm() {
    return Vectors.ids("task_ids_url");
  }

  static Stream<JsonNode> contentForm() {
    return Vectors.ids("task_ids_content");
  }

  static Stream<JsonNode> registryForms() {
    return Vectors.ids("task_ids_oci");
  }

  static Stream<JsonNode> persistent() {
    return Vectors.ids("persistent_task_ids");
  }

  static Stream<JsonNode> persistentCache() {
    return Vectors.ids("persistent_cache_task_ids");
  }

  private static OptionalLong pieceLength(JsonNode row) {
    return row.path("piece_length").isNumber()
        ? OptionalLong.of(row.get("piece_length").asLong())
        : OptionalLong.empty();
  }

  @ParameterizedTest
  @MethodSource("urlForm")
  void url_equalsTheVector(JsonNode row) {
    var url = CanonicalUrl.parse(row.get("url").asText(), Vectors.strings(row.get("filtered_query_params")));
    var input =
        new TaskIds.UrlInput(
            url.text(),
            Vectors.text(row, "tag"),
            Vectors.text(row, "application"),
            Vectors.text(row, "revision"),
            pieceLength(row));

    assertThat(TaskIds.url(input)).hasToString(row.get("id").asText());
  }

  @ParameterizedTest
  @MethodSource("urlForm")
  void id_ofADownloadEqualsTheVector(JsonNode row) {
    var download =
        Download.newBuilder()
            .setUrl(row.get("url").asText())
            .addAllFilteredQueryParams(Vectors.strings(row.get("filtered_query_params")))
            .setTag(Vectors.text(row, "tag"))
            .setApplication(Vectors.text(row, "application"))
            .setHuggingFace(HuggingFace.newBuilder().setRevision(Vectors.text(row, "revision")));
    pieceLength(row).ifPresent(download::setPieceLength);
    if (pieceLength(row).orElse(PieceLayout.MIN_PIECE) < PieceLayout.MIN_PIECE) {
      assertThatThrownBy(() -> TaskTuple.of(download.build())).hasMessageStartingWith("download.piece_length: ");
      return;
    }

    var tuple = TaskTuple.of(download.build());

    assertThat(tuple.id()).hasToString(row.get("id").asText());
    assertThat(tuple.form()).isEqualTo(Form.URL);
  }

  @ParameterizedTest
  @MethodSource("contentForm")
  void id_ofTheContentFormEqualsTheVector(JsonNode row) {
    var tuple =
        TaskTuple.of(
            download(d -> d.setTag("t").setContentForCalculatingTaskId(row.get("content").asText())));

    assertThat(tuple.id()).hasToString(row.get("id").asText());
    assertThat(tuple.form()).isEqualTo(Form.CONTENT_KEY);
  }

  @ParameterizedTest
  @MethodSource("registryForms")
  void id_ofARegistryUrlEqualsTheVectorOrIsRefused(JsonNode row) {
    var download =
        Download.newBuilder().setUrl(row.get("url").asText()).setEnableTaskIdBasedBlobDigest(true).build();
    boolean fits = row.path("id").asText().matches("[0-9a-f]{64}");

    switch (row.get("form").asText()) {
      case "url" -> assertThat(TaskTuple.of(download).form()).isEqualTo(Form.URL);
      case "blob", "manifest" -> {
        if (fits) {
          assertThat(TaskTuple.of(download).id()).hasToString(row.get("id").asText());
          assertThat(TaskTuple.of(download).form().name()).startsWithIgnoringCase(row.get("form").asText());
        } else {
          assertThatThrownBy(() -> TaskTuple.of(download)).hasMessageStartingWith("download.url: ");
        }
      }
      case "error" -> assertThatThrownBy(() -> TaskTuple.of(download)).isInstanceOf(Malformed.class);
      default -> throw new IllegalStateException("unknown form");
    }
  }

  @ParameterizedTest
  @MethodSource("persistent")
  void persistent_equalsTheVector(JsonNode row) {
    var id =
        TaskIds.persistent(row.get("url").asText(), row.get("region").asText(), row.get("endpoint").asText());

    assertThat(id).hasToString(row.get("id").asText());
  }

  @ParameterizedTest
  @MethodSource("persistentCache")
  void persistentCache_equalsTheVector(JsonNode row) {
    if (row.get("form").asText().equals("content")) {
      assertThat(TaskIds.content(row.get("content").asText())).hasToString(row.get("id").asText());
      return;
    }
    var file = Sha256.newDigest();
    file.update(row.get("file_utf8").asText().getBytes(StandardCharsets.UTF_8));

    var id =
        TaskIds.persistentCache(
            file, Vectors.text(row, "tag"), Vectors.text(row, "application"), pieceLength(row));

    assertThat(id).hasToString(row.get("id").asText());
  }

  @Test
  @Threat({"TOB-6", "S-VTX-6"})
  void fingerprint_tellsApartWhatTheWireIdConfuses() {
    var tagged = TaskTuple.of(download(d -> d.setUrl("http://h/ab").setTag("c")));
    var longer = TaskTuple.of(download(d -> d.setUrl("http://h/a").setTag("bc")));
    var applied = TaskTuple.of(download(d -> d.setUrl("http://h/a").setTag("b").setApplication("c")));

    assertThat(tagged.id()).isEqualTo(longer.id()).isEqualTo(applied.id());
    assertThat(List.of(tagged.fingerprint(), longer.fingerprint(), applied.fingerprint())).doesNotHaveDuplicates();
  }

  @Test
  @Threat("S-VTX-6")
  void fingerprint_bindsAContentKeyToItsUrl() {
    var one = TaskTuple.of(download(d -> d.setUrl("http://h/a").setContentForCalculatingTaskId("k")));
    var other = TaskTuple.of(download(d -> d.setUrl("http://h/b").setContentForCalculatingTaskId("k")));
    var sameText = TaskTuple.of(download(d -> d.setUrl("http://h/a")));
    var asKey =
        TaskTuple.of(download(d -> d.setUrl("http://h/a").setContentForCalculatingTaskId("http://h/aSTANDARD")));

    assertThat(one.id()).isEqualTo(other.id());
    assertThat(one.fingerprint()).isNotEqualTo(other.fingerprint());
    assertThat(asKey.id()).isEqualTo(sameText.id());
    assertThat(asKey.fingerprint()).isNotEqualTo(sameText.fingerprint());
  }

  @Test
  void fingerprint_isStable() {
    var tuple = TaskTuple.of(download(d -> d.setTag("foo").setPieceLength(4 << 20)));
    var again = TaskTuple.of(download(d -> d.setTag("foo").setPieceLength(4 << 20).setApplication("")));

    assertThat(tuple).isEqualTo(again);
    assertThat(tuple.fingerprint()).isEqualTo(again.fingerprint());
  }

  @Test
  void of_takesTheRevisionOfTheFirstHub() {
    var tuple =
        TaskTuple.of(
            download(
                d ->
                    d.setModelScope(ModelScope.newBuilder().setRevision("b"))
                        .setHuggingFace(HuggingFace.newBuilder().setRevision("a"))));

    assertThat(tuple.revision()).isEqualTo("a");
  }

  @Test
  void of_namesTheFieldThatIsWrong() {
    assertMalformed("download.url", d -> d.setUrl("nonsense"));
    assertMalformed("download.tag", d -> d.setTag("a".repeat(1025)));
    assertMalformed("download.application", d -> d.setApplication("é".repeat(513)));
    assertMalformed("download.piece_length", d -> d.setPieceLength(0));
    assertMalformed("download.piece_length", d -> d.setPieceLength((64L << 20) + 1));
    assertMalformed("download.piece_length", d -> d.setPieceLength(-1));
    assertMalformed("download.content_for_calculating_task_id", d -> d.setContentForCalculatingTaskId(""));
    assertMalformed(
        "download.content_for_calculating_task_id", d -> d.setContentForCalculatingTaskId("a".repeat(8193)));
    assertMalformed(
        "download.model_scope.revision",
        d -> d.setModelScope(ModelScope.newBuilder().setRevision("a".repeat(1025))));
    assertMalformed("download.filtered_query_params", d -> d.addFilteredQueryParams("a".repeat(1025)));
  }

  @Test
  void constructor_refusesAFormThatDoesNotFit() {
    var url = CanonicalUrl.parse("http://h/a");

    assertThatThrownBy(() -> tuple(Form.BLOB_DIGEST, url, Optional.empty())).isInstanceOf(InvalidValue.class);
    assertThatThrownBy(() -> tuple(Form.MANIFEST_DIGEST, url, Optional.empty())).isInstanceOf(InvalidValue.class);
    assertThatThrownBy(() -> tuple(Form.CONTENT_KEY, url, Optional.empty())).isInstanceOf(InvalidValue.class);
    assertThatThrownBy(() -> tuple(Form.URL, url, Optional.of("k"))).isInstanceOf(InvalidValue.class);
  }

  @Test
  void toString_showsNoSecret() {
    var tuple =
        TaskTuple.of(
            download(
                d -> d.setUrl("https://u:hunter2@h/x?sig=hunter3").setContentForCalculatingTaskId("hunter4")));

    assertThat(tuple.toString()).isEqualTo("TaskTuple[CONTENT_KEY https://h/x]");
    assertThat(tuple.displayUrl()).isEqualTo("https://h/x");
  }

  private static TaskTuple tuple(Form form, CanonicalUrl url, Optional<String> key) {
    return new TaskTuple(form, url, "", "", "", OptionalLong.empty(), key);
  }

  private static Download download(Consumer<Download.Builder> change) {
    var builder = Download.newBuilder().setUrl("https://example.com/x");
    change.accept(builder);
    return builder.build();
  }

  private static void assertMalformed(String field, Consumer<Download.Builder> change) {
    var download = download(change);

    assertThatThrownBy(() -> TaskTuple.of(download))
        .isInstanceOfSatisfying(Malformed.class, e -> assertThat(e.field()).isEqualTo(field));
  }
}
