package dev.damselfly.manager.document;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.MapperFeature;
import com.fasterxml.jackson.databind.PropertyNamingStrategies;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.damselfly.api.error.InvalidValue;
import dev.damselfly.authz.config.StrictJson;
import java.nio.charset.StandardCharsets;

/// Reads and writes documents as records. Absent keys are null components; keys are snake_case. Thread-safe.
public final class Json {
  /// Largest accepted document in bytes.
  public static final int MAX_BYTES = 16 << 10;

  private static final int MAX_DEPTH = 8;
  private static final int MAX_KEY = 64;
  private static final JsonMapper MAPPER = mapper();

  private Json() {}

  private static JsonMapper mapper() {
    return StrictJson.mapper(MAX_DEPTH, MAX_BYTES, MAX_KEY)
        .propertyNamingStrategy(PropertyNamingStrategies.SNAKE_CASE)
        .defaultPropertyInclusion(JsonInclude.Value.construct(JsonInclude.Include.NON_NULL, JsonInclude.Include.ALWAYS))
        .enable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
        .disable(DeserializationFeature.ACCEPT_FLOAT_AS_INT)
        .disable(MapperFeature.ALLOW_COERCION_OF_SCALARS)
        .build();
  }

  /// @throws InvalidValue when the bytes are not exactly one document of this type
  public static <T> T read(byte[] json, Class<T> type) {
    if (json.length > MAX_BYTES) {
      throw new InvalidValue("a document has at most 16 KiB");
    }
    try {
      T value = MAPPER.readValue(json, type);
      if (value == null) {
        throw new InvalidValue("must be a JSON document with known keys of the right types");
      }
      return value;
    } catch (JsonProcessingException e) {
      throw e.getCause() instanceof InvalidValue inner
          ? inner
          : new InvalidValue("must be a JSON document with known keys of the right types");
    } catch (java.io.IOException e) {
      throw new InvalidValue("must be a JSON document with known keys of the right types");
    }
  }

  public static <T> T read(String json, Class<T> type) {
    return read(json.getBytes(StandardCharsets.UTF_8), type);
  }

  public static String write(Object document) {
    try {
      return MAPPER.writeValueAsString(document);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("a document of ours cannot be written", e);
    }
  }
}
