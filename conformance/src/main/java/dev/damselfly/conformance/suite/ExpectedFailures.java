package dev.damselfly.conformance.suite;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.dataformat.yaml.YAMLFactory;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/// Cases that are known to fail on a program, each with a reason in neutral words. A listed case that passes fails the
/// run, and so does a listed id that no case has: the list cannot go stale.
public record ExpectedFailures(Map<String, String> reasons) {
  public static final ExpectedFailures NONE = new ExpectedFailures(Map.of());

  private record Row(String id, String reason) {}

  public ExpectedFailures {
    reasons = Map.copyOf(reasons);
  }

  /// Reads a YAML list of `{id, reason}`.
  ///
  /// @throws IOException naming what is wrong
  public static ExpectedFailures read(Path file, Set<String> known) throws IOException {
    List<Row> rows;
    try {
      rows =
          JsonMapper.builder(new YAMLFactory())
              .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
              .enable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
              .build()
              .readValue(Files.readString(file), new TypeReference<List<Row>>() {});
    } catch (JsonProcessingException e) {
      throw new IOException(file + ": " + e.getOriginalMessage(), e);
    }
    var reasons = new HashMap<String, String>();
    for (Row row : rows) {
      if (!known.contains(row.id())) {
        throw new IOException(file + ": no case has the id " + row.id());
      }
      if (row.reason().isBlank() || reasons.put(row.id(), row.reason()) != null) {
        throw new IOException(file + ": " + row.id() + " stands twice or has no reason");
      }
    }
    return new ExpectedFailures(reasons);
  }

  Optional<String> reasonFor(String id) {
    return Optional.ofNullable(reasons.get(id));
  }
}
