package dev.damselfly.api;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import org.jspecify.annotations.NullMarked;

/// Golden data under `conformance/vectors`.
@NullMarked
public final class Vectors {
  private static final ObjectMapper JSON = new ObjectMapper();

  private Vectors() {}

  public static JsonNode load(String name) {
    try (var in = Objects.requireNonNull(Vectors.class.getResourceAsStream("/vectors/" + name), name)) {
      return JSON.readTree(in);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /// One list of the identifier vectors; never empty.
  public static Stream<JsonNode> ids(String pointer) {
    JsonNode rows = load("ids-vectors.json").at("/" + pointer);
    if (rows.isEmpty()) {
      throw new IllegalStateException("no vectors " + pointer);
    }
    return rows.valueStream();
  }

  public static List<String> strings(JsonNode array) {
    List<String> out = new ArrayList<>();
    array.forEach(item -> out.add(item.asText()));
    return out;
  }

  /// Absent and null as empty text.
  public static String text(JsonNode row, String field) {
    return row.path(field).isTextual() ? row.path(field).asText() : "";
  }
}
