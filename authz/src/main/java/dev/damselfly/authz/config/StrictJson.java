package dev.damselfly.authz.config;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;

/// Where every reader of JSON documents begins: no key stands twice, nothing follows the value, depth and lengths are
/// bounded. How many bytes a document may have is checked by the reader before it parses.
public final class StrictJson {
  private static final int MAX_NUMBER = 20;

  private StrictJson() {}

  /// @param depth deepest nesting
  /// @param text longest string, in characters
  /// @param key longest key, in characters
  public static JsonMapper.Builder mapper(int depth, int text, int key) {
    var limits =
        StreamReadConstraints.builder()
            .maxNestingDepth(depth)
            .maxStringLength(text)
            .maxNameLength(key)
            .maxNumberLength(MAX_NUMBER)
            .build();
    return JsonMapper.builder(JsonFactory.builder().streamReadConstraints(limits).build())
        .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
        .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS);
  }
}
