package dev.damselfly.scheduler.cluster;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.google.protobuf.ByteString;
import dev.damselfly.api.error.InvalidValue;
import dev.damselfly.authz.config.StrictJson;

/// Limits that the manager sets for the cluster.
///
/// @param candidateParents parents in one answer, 1..20
/// @param sampledParents peers looked at for it, 10..1000
public record ClusterSettings(int candidateParents, int sampledParents) {
  public static final ClusterSettings DEFAULT = new ClusterSettings(3, 15);

  private static final int MAX_BYTES = 64 << 10;
  private static final int MAX_DEPTH = 8;
  private static final JsonMapper JSON = StrictJson.mapper(MAX_DEPTH, MAX_BYTES, MAX_BYTES).build();

  public ClusterSettings {
    candidateParents = Math.clamp(candidateParents, 1, 20);
    sampledParents = Math.clamp(sampledParents, 10, 1000);
  }

  /// From the cluster's `config` document; keys that are not there keep their default.
  public static ClusterSettings parse(ByteString document) {
    if (document.isEmpty()) {
      return DEFAULT;
    }
    if (document.size() > MAX_BYTES) {
      throw new InvalidValue("a cluster configuration has at most 64 KiB");
    }
    try {
      JsonNode tree = JSON.readTree(document.toStringUtf8()); // as text: of bytes the parser guesses the encoding
      return new ClusterSettings(
          tree.path("candidate_parent_limit").asInt(DEFAULT.candidateParents()),
          tree.path("filter_parent_limit").asInt(DEFAULT.sampledParents()));
    } catch (JsonProcessingException e) {
      throw new InvalidValue("a cluster configuration is a JSON object");
    }
  }
}
