package dev.damselfly.dist.lazy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.damselfly.authz.config.StrictJson;
import java.io.IOException;

/// Reads what registries and credential files say.
final class Json {
  private static final int DEPTH = 32;
  private static final int TEXT = 4 << 20;
  private static final JsonMapper MAPPER = StrictJson.mapper(DEPTH, TEXT, TEXT).build();

  private Json() {}

  static JsonNode tree(byte[] bytes) throws IOException {
    return MAPPER.readTree(bytes);
  }
}
