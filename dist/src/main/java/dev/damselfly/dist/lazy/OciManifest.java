package dev.damselfly.dist.lazy;

import com.fasterxml.jackson.databind.JsonNode;
import dev.damselfly.api.error.InvalidValue;
import dev.damselfly.api.id.Digest;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.StreamSupport;

/// A manifest or an index of the OCI or Docker form, as far as Nydus images need it (format 6). What it does not know it
/// ignores, as these formats want it.
public sealed interface OciManifest {
  int MAX_BYTES = 4 << 20;
  int MAX_ENTRIES = 512;
  int MAX_ANNOTATIONS = 1000;
  String NYDUS_ARTIFACT = "application/vnd.nydus.image.manifest.v1+json";
  String NYDUS_FEATURE = "nydus.remoteimage.v1";

  /// Something that a manifest or an index names.
  ///
  /// @param size bytes
  /// @param platform `os/architecture`, may be empty
  /// @param nydus an index says that this is the Nydus form
  record Entry(Digest digest, long size, String mediaType, Map<String, String> annotations, String platform, boolean nydus) {
    public Entry {
      annotations = Map.copyOf(annotations);
    }
  }

  /// @param layers in their order
  record Manifest(List<Entry> layers) implements OciManifest {
    public Manifest {
      layers = List.copyOf(layers);
    }
  }

  /// @param manifests in their order
  record Index(List<Entry> manifests) implements OciManifest {
    public Index {
      manifests = List.copyOf(manifests);
    }

    /// The Nydus form for a platform, else any Nydus form, else the platform's.
    Optional<Entry> choose(String platform) {
      List<Entry> nydus = manifests.stream().filter(Entry::nydus).toList();
      return first(nydus, platform).or(() -> nydus.stream().findFirst()).or(() -> first(manifests, platform));
    }

    private static Optional<Entry> first(List<Entry> entries, String platform) {
      return entries.stream().filter(entry -> entry.platform().equals(platform)).findFirst();
    }
  }

  /// @param bytes whose digest was compared
  /// @throws InvalidValue naming the rule
  static OciManifest parse(byte[] bytes) {
    if (bytes.length > MAX_BYTES) {
      throw new InvalidValue("a manifest has at most " + MAX_BYTES + " bytes");
    }
    JsonNode root;
    try {
      root = Json.tree(bytes);
    } catch (IOException e) {
      throw new InvalidValue("a manifest is one JSON object without duplicate keys");
    }
    boolean two = root.isObject() && root.path("schemaVersion").isInt() && root.path("schemaVersion").intValue() == 2;
    if (!two || root.has("layers") == root.has("manifests")) {
      throw new InvalidValue("a manifest has schema version 2 and either layers or manifests");
    }
    return root.has("layers") ? new Manifest(entries(root.path("layers"))) : new Index(entries(root.path("manifests")));
  }

  private static List<Entry> entries(JsonNode array) {
    if (!array.isArray() || array.size() > MAX_ENTRIES) {
      throw new InvalidValue("there are at most " + MAX_ENTRIES + " layers or manifests");
    }
    var entries = new ArrayList<Entry>();
    array.forEach(node -> entries.add(entry(node)));
    return entries;
  }

  private static Entry entry(JsonNode node) {
    JsonNode size = node.path("size");
    if (!node.path("digest").isTextual() || !node.path("mediaType").isTextual() || !size.canConvertToLong() || !size.isIntegralNumber() || size.longValue() < 0) {
      throw new InvalidValue("a descriptor has media type, digest and size");
    }
    JsonNode platform = node.path("platform");
    boolean feature =
        StreamSupport.stream(platform.path("os.features").spliterator(), false).anyMatch(one -> one.asText().equals(NYDUS_FEATURE));
    return new Entry(
        Digest.parse(node.path("digest").textValue()),
        size.longValue(),
        node.path("mediaType").textValue(),
        annotations(node.path("annotations")),
        platform.isObject() ? platform.path("os").asText() + "/" + platform.path("architecture").asText() : "",
        feature || node.path("artifactType").asText().equals(NYDUS_ARTIFACT));
  }

  private static Map<String, String> annotations(JsonNode node) {
    if (node.size() > MAX_ANNOTATIONS) {
      throw new InvalidValue("a descriptor has at most " + MAX_ANNOTATIONS + " annotations");
    }
    var annotations = new HashMap<String, String>();
    node.properties().forEach(property -> annotations.put(property.getKey(), property.getValue().asText()));
    return annotations;
  }
}
